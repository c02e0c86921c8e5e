"""The network's share of the tables: actions, log sources, field names of firewalls, DNS, VPN and sensors."""

from __future__ import annotations

from socterm.event import LogSource
from socterm.taxonomy import zeek

_NET = ("network",)
_AUTH = ("authentication",)
_IDS = ("intrusion_detection",)

ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "connection_allowed": (_NET, ("connection", "allowed"), "a firewall let a packet or connection through"),
    "connection_denied": (_NET, ("connection", "denied"), "a firewall stopped a packet or connection"),
    "connection_started": (_NET, ("connection", "start"), "a connection was set up"),
    "connection_ended": (_NET, ("connection", "end"), "a connection ended"),
    "packet_logged": (_NET, ("connection", "info"), "a packet a firewall logged, its fate not told"),
    "network_flow": (_NET, ("connection", "info"), "a connection as a sensor saw it: ends, bytes, duration"),
    "address_translated": (_NET, ("connection", "info"), "an address translation was made or given up"),
    "network_protocol": (_NET, ("protocol",), "a sensor saw a protocol spoken"),
    "network_anomaly": (_NET, ("info",), "traffic that breaks a protocol's rules"),
    "network_device": (_NET, ("info",), "a network device or service tells of itself"),
    "link_changed": (_NET, ("change",), "an interface, a neighbour or a tunnel went up or down"),
    "dns_query": (_NET, ("protocol",), "a name was asked for"),
    "dns_response": (_NET, ("protocol",), "the answer to a DNS query"),
    "dns_forward": (_NET, ("protocol",), "a DNS server asked another one"),
    "dns_failed": (_NET, ("protocol", "error"), "a name could not be resolved"),
    "dns_denied": (_NET, ("protocol", "denied"), "a DNS server refused a query, an update or a transfer"),
    "dns_blocked": (_NET, ("protocol", "denied"), "a DNS filter answered a query with nothing"),
    "dns_transfer": (_NET, ("protocol", "access"), "a DNS zone was transferred"),
    "dhcp_request": (_NET, ("protocol",), "a client asked for a lease"),
    "dhcp_lease": (_NET, ("protocol", "info"), "a lease was offered, given, renewed or released"),
    "dhcp_denied": (_NET, ("protocol", "denied"), "a lease was refused, or none was free"),
    "http_request": (("network", "web"), ("protocol", "access"), "an HTTP request a sensor saw"),
    "tls_session": (_NET, ("protocol",), "a TLS handshake a sensor saw"),
    "file_seen": (("network", "file"), ("info",), "a sensor saw a file transferred"),
    "network_login": (_AUTH, ("start",), "a login a sensor saw on the wire; event.outcome says how it ended"),
    "ids_alert": (_IDS, ("info",), "an intrusion detection rule matched"),
    "ids_blocked": (_IDS, ("denied",), "an intrusion detection rule matched, and the traffic was stopped"),
    "port_scan": (_IDS, ("info",), "one address tried many ports"),
    "sensor_stats": (("host",), ("info",), "figures a sensor gives of itself"),
    "vpn_login": (_AUTH, ("start",), "a login to a VPN; event.outcome says how it ended"),
    "vpn_connected": (("network", "session"), ("connection", "start"), "a VPN peer is connected"),
    "vpn_disconnected": (("network", "session"), ("connection", "end"), "a VPN peer left or was dropped"),
    "vpn_handshake": (_NET, ("connection", "info"), "a step on the way to a VPN connection"),
    "vpn_refused": (_NET, ("connection", "denied"), "a VPN peer broke the protocol or was not let in"),
    "device_login": (_AUTH, ("start",), "a login to a network device; event.outcome says how it ended"),
    "device_logout": (("session",), ("end",), "an administrator's session on a network device ended"),
    "device_command": (("process",), ("start",), "a command was run on a network device"),
    "device_changed": (("configuration",), ("change",), "a network device's configuration was changed"),
    "promiscuous_mode": (_NET, ("change",), "an interface began or ceased to listen to all traffic"),
    "module_loaded": (("driver",), ("start",), "a kernel module was loaded, or tainted the kernel"),
    "process_crashed": (("process",), ("error",), "a program crashed: segmentation fault and its kin"),
    "process_killed": (("process",), ("end",), "the kernel killed a process, for want of memory"),
    "usb_connected": (("host",), ("start",), "a USB device was plugged in or told who it is"),
    "usb_disconnected": (("host",), ("end",), "a USB device was unplugged"),
    "access_denied": (("process",), ("access", "denied"), "AppArmor or seccomp refused a process something"),
    "access_audited": (("process",), ("access", "info"), "AppArmor noted what it would have refused"),
    "kernel_fault": (("host",), ("error",), "the kernel met a bug, a lock-up or broken hardware"),
    "kernel_attack": (_IDS, ("info",), "the kernel takes traffic for an attack, such as a SYN flood"),
}  # fmt: skip
"""`event.action` → ECS category, ECS type, meaning; merged into `actions.ACTIONS`."""

_SYSLOG: LogSource = ("linux", "", "syslog")
_AUTHLOG: LogSource = ("linux", "", "auth")
_FIREWALL: LogSource = ("", "firewall", "")
_DNS: LogSource = ("", "dns", "")
_PROXY: LogSource = ("", "proxy", "")
_WEBSERVER: LogSource = ("", "webserver", "")
_SENSOR: LogSource = ("suricata", "", "alert")
"""Alerts of Suricata, of Snort, and of appliances in which Snort works."""


def _linux(service: str, *more: LogSource) -> tuple[LogSource, ...]:
    return (("linux", "", service), *more, _SYSLOG)


def _cisco(*services: str, more: tuple[LogSource, ...] = ()) -> tuple[LogSource, ...]:
    return (*(("cisco", "", service) for service in services), *more)


def _sensor(product: str) -> dict[str, tuple[LogSource, ...]]:
    """Log sources of a sensor's logs that have a category of their own."""
    return {
        f"{product}.dns": ((product, "", "dns"), _DNS),
        f"{product}.http": ((product, "", "http"), _PROXY, _WEBSERVER),
    }


ZEEK_LOGS = (
    "conn", "files", "notice", "ssl", "ssh", "x509", "smb_files", "smb_mapping", "dce_rpc", "rdp", "kerberos",
    "ntlm", "weird", "ftp", "smtp", "dhcp", "intel", "software", "tunnel", "known_hosts", "known_services",
    "known_certs", "pe", "dpd", "snmp", "sip", "radius", "socks", "mysql", "irc", "ocsp", "signatures",
    "traceroute", "capture_loss", "stats", "reporter", "syslog", "ntp", "ldap", "ldap_search",
    "quic", "analyzer",
)  # fmt: skip
"""Zeek's logs by their paths, those apart that have a Sigma category of their own."""

EVE_TYPES = (
    "alert", "tls", "flow", "netflow", "ssh", "fileinfo", "anomaly", "smb", "dcerpc", "krb5", "rdp",
    "smtp",     "ftp", "ftp_data", "dhcp", "snmp", "tftp", "ikev2", "ike", "nfs", "rfb", "mqtt",
    "sip", "quic", "drop",
    "stats",
    "http2", "ldap", "pgsql", "modbus", "dnp3", "websocket", "arp", "mdns",
)  # fmt: skip
"""Suricata's event types, those apart that have a Sigma category of their own."""

LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "kernel": _linux("kernel"),
    "iptables": _linux("iptables", _FIREWALL, ("linux", "", "kernel")),
    "apparmor": _linux("apparmor", ("linux", "", "kernel")),
    "filterlog": (("pfsense", "", "filterlog"), ("opnsense", "", "filterlog"), _FIREWALL),
    "openvpn": _linux("openvpn", _AUTHLOG),
    "strongswan": _linux("strongswan", _AUTHLOG),
    "wireguard": _linux("wireguard"),
    "dnsmasq": _linux("dnsmasq", _DNS),
    "dhcp": _linux("dhcpd"),
    "named": (("bind", "", "named"), *_linux("named", _DNS)),
    "unbound": _linux("unbound", _DNS),
    "nsd": _linux("nsd", _DNS),
    "powerdns": _linux("powerdns", _DNS),
    "adguard.query": (("adguard", "", ""), _DNS),
    "windows.dnsserver": (("windows", "", "dns-server-debug"), _DNS),
    "coredns": (("coredns", "", ""), _DNS),
    "portsentry": _linux("portsentry"),
    "scanlogd": _linux("scanlogd"),
    "mikrotik": (("mikrotik", "", "routeros"),),
    "mikrotik.firewall": (("mikrotik", "", "routeros"), _FIREWALL),
    "cisco.asa": _cisco("asa", "aaa", "syslog", more=(_FIREWALL,)),
    "cisco.ios": _cisco("ios", "aaa", "bgp", "ldp", "syslog"),
    "cisco.ios.acl": _cisco("ios", "syslog", more=(_FIREWALL,)),
    "panos.traffic": (("paloalto", "", "traffic"), _FIREWALL),
    "panos.threat": (("paloalto", "", "threat"), _FIREWALL),
    "junos.flow": (("juniper", "", "junos"), _FIREWALL),
    "checkpoint.firewall": (("checkpoint", "", "firewall"), _FIREWALL),
    "sophos.firewall": (("sophos", "", "firewall"), _FIREWALL),
    "sophos.http": (("sophos", "proxy", "http"),),
    "sophos.waf": (("sophos", "webserver", "waf"),),
    "sophos.ids": (("sophos", "", "ids"), _SENSOR),
    "sophos.threat": (("sophos", "", "threat"),),
    "sophos.event": (("sophos", "", "event"),),
    "meraki.flows": (("cisco", "", "meraki"), _FIREWALL),
    "meraki.urls": (("cisco", "proxy", "meraki"),),
    "meraki.ids": (("cisco", "", "meraki"), _SENSOR),
    "meraki.malware": (("cisco", "", "meraki"),),
    "meraki.events": (("cisco", "", "meraki"),),
    "watchguard.traffic": (("watchguard", "", "firebox"), _FIREWALL),
    "watchguard.proxy": (("watchguard", "proxy", "firebox"), _FIREWALL),
    "watchguard.event": (("watchguard", "", "firebox"),),
    "windows.pfirewall": (("windows", "", "pfirewall"), _FIREWALL),
    "suricata": (("suricata", "", ""),),
    **{f"suricata.{name}": (("suricata", "", name),) for name in EVE_TYPES},
    **_sensor("suricata"),
    "suricata.drop": (("suricata", "", "drop"), _FIREWALL),
    "suricata.flow": (("suricata", "", "flow"), _FIREWALL),
    "zeek": (("zeek", "", ""),),
    **{f"zeek.{name}": (("zeek", "", name),) for name in ZEEK_LOGS},
    **_sensor("zeek"),
    "zeek.conn": (("zeek", "", "conn"), _FIREWALL),
}
"""`event.dataset` → log sources; merged into `logsources.LOGSOURCES`."""

ALIASES: dict[str, str] = {
    "src_port": "source.port",
    "dst_ip": "destination.ip",
    "dest_ip": "destination.ip",
    "dst_port": "destination.port",
    "dest_port": "destination.port",
    "query": "dns.question.name",
    "signature": "rule.name",
}
"""Short names of the network's fields; merged into `names.ALIASES`."""

_ENDS = {
    "src_ip": "source.ip",
    "src_port": "source.port",
    "dst_ip": "destination.ip",
    "dst_port": "destination.port",
}
_FLOW = _ENDS | {
    "src": "source.ip",
    "dst": "destination.ip",
    "protocol": "network.transport",
    "proto": "network.transport",
    "bytes": "network.bytes",
}

BY_LOGSOURCE: dict[str, dict[str, str]] = zeek.NAMES | {
    "firewall": _FLOW
    | {
        "action": "firewall.action",
        "blocked": "firewall.blocked",
        "rule": "rule.name",
        "interface": "observer.ingress.interface.name",
    },
    "dns": zeek.NAMES["dns"]
    | _ENDS
    | {
        "query": "dns.question.name",
        "record_type": "dns.question.type",
        "answer": "dns.answers.data",
        "answers": "dns.answers.data",
        "rcode": "dns.response_code",
        "response": "dns.response_code",
        "parent_domain": "dns.question.registered_domain",
    },
    "suricata": _FLOW
    | {
        "dest_ip": "destination.ip",
        "dest_port": "destination.port",
        "in_iface": "observer.ingress.interface.name",
        "app_proto": "network.protocol",
        "alert.signature": "rule.name",
        "alert.signature_id": "rule.id",
        "alert.category": "rule.category",
        "alert.severity": "event.severity",
        "alert.action": "suricata.alert.action",
        "dns.rrname": "dns.question.name",
        "dns.rrtype": "dns.question.type",
        "dns.rcode": "dns.response_code",
        "http.hostname": "url.domain",
        "http.url": "url.original",
        "http.http_user_agent": "user_agent.original",
        "http.http_method": "http.request.method",
        "http.status": "http.response.status_code",
        "tls.sni": "tls.client.server_name",
        "fileinfo.filename": "file.path",
    },
}
"""Sigma field names by log source part; merged into `names.BY_LOGSOURCE`."""
