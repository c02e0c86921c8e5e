"""Zeek's logs as tables: the columns each has by default, their types, and the ECS names they become.

Columns without an ECS name are kept as `zeek.LOG.COLUMN`. Source: the record types of Zeek 4 to 7's base scripts.
"""

from __future__ import annotations

_CONN = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p"

COLUMNS: dict[str, tuple[str, ...]] = {
    path: tuple(f"{_CONN if start else ''} {names}".split())
    for path, start, names in (
        ("conn", 1, "proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes"
         " history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"),
        ("dns", 1, "proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z"
         " answers TTLs rejected"),
        ("http", 1, "trans_depth method host uri referrer version user_agent origin request_body_len"
         " response_body_len status_code status_msg info_code info_msg tags username password proxied orig_fuids"
         " orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types"),
        ("ssl", 1, "version cipher curve server_name resumed last_alert next_protocol established ssl_history"
         " cert_chain_fps client_cert_chain_fps sni_matches_cert"),
        ("files", 0, "ts fuid uid id.orig_h id.orig_p id.resp_h id.resp_p source depth analyzers mime_type filename"
         " duration local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5"
         " sha1 sha256 extracted extracted_cutoff extracted_size"),
        ("notice", 1, "fuid file_mime_type file_desc proto note msg sub src dst p n peer_descr actions"
         " email_dest suppress_for"),
        ("ssh", 1, "version auth_success auth_attempts direction client server cipher_alg mac_alg compression_alg"
         " kex_alg host_key_alg host_key"),
        ("weird", 1, "name addl notice peer source"),
        ("dce_rpc", 1, "rtt named_pipe endpoint operation"),
        ("smb_files", 1, "fuid action path name size prev_name times.modified times.accessed times.created"
         " times.changed"),
        ("smb_mapping", 1, "path service native_file_system share_type"),
        ("rdp", 1, "cookie result security_protocol client_channels keyboard_layout client_build client_name"
         " client_dig_product_id desktop_width desktop_height requested_color_depth cert_type cert_count"
         " cert_permanent encryption_level encryption_method"),
        ("kerberos", 1, "request_type client service success error_msg from till cipher forwardable renewable"
         " client_cert_subject client_cert_fuid server_cert_subject server_cert_fuid"),
        ("ntlm", 1, "username hostname domainname server_nb_computer_name server_dns_computer_name"
         " server_tree_name success"),
        ("ftp", 1, "user password command arg mime_type file_size reply_code reply_msg data_channel.passive"
         " data_channel.orig_h data_channel.resp_h data_channel.resp_p fuid"),
        ("x509", 0, "ts fingerprint certificate.version certificate.serial certificate.subject"
         " certificate.issuer certificate.not_valid_before certificate.not_valid_after certificate.key_alg"
         " certificate.sig_alg certificate.key_type certificate.key_length certificate.exponent"
         " certificate.curve san.dns san.uri san.email san.ip basic_constraints.ca basic_constraints.path_len"
         " host_cert client_cert"),
        ("dhcp", 0, "ts uids client_addr server_addr mac host_name client_fqdn domain requested_addr assigned_addr"
         " lease_time client_message server_message msg_types duration"),
    )
}  # fmt: skip
"""Log → its columns in the order of a default installation, for rows whose header was not seen."""

FILES_OLD: tuple[str, ...] = tuple(
    "ts fuid tx_hosts rx_hosts conn_uids source depth analyzers mime_type filename duration local_orig is_orig"
    " seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 sha256 extracted"
    " extracted_cutoff extracted_size".split()
)
"""The columns of files.log before Zeek 5.1."""

INTS = frozenset(
    "id.orig_p id.resp_p orig_bytes resp_bytes missed_bytes orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes trans_id"
    " qclass qtype rcode Z trans_depth request_body_len response_body_len status_code info_code depth seen_bytes"
    " total_bytes missing_bytes overflow_bytes extracted_size p n auth_attempts version_num size desktop_width"
    " desktop_height cert_count file_size reply_code data_channel.resp_p certificate.version certificate.key_length"
    " basic_constraints.path_len".split()
)
FLOATS = frozenset("duration rtt suppress_for lease_time".split())
BOOLS = frozenset(
    "local_orig local_resp AA TC RD RA rejected resumed established is_orig timedout extracted_cutoff auth_success"
    " notice cert_permanent success forwardable renewable basic_constraints.ca host_cert client_cert"
    " sni_matches_cert data_channel.passive".split()
)
SETS = frozenset(
    "tunnel_parents answers TTLs tags proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames"
    " resp_mime_types cert_chain_fps client_cert_chain_fps cert_chain_fuids client_cert_chain_fuids tx_hosts rx_hosts"
    " conn_uids analyzers actions email_dest client_channels san.dns san.uri san.email san.ip uids msg_types".split()
)
"""Columns that are no text, for rows without `#types`."""

_COMMON = {
    "uid": "event.id",
    "id.orig_h": "source.ip",
    "id.orig_p": "source.port",
    "id.resp_h": "destination.ip",
    "id.resp_p": "destination.port",
    "community_id": "network.community_id",
}

ECS: dict[str, dict[str, str]] = {
    "conn": {
        "proto": "network.transport",
        "service": "network.protocol",
        "vlan": "network.vlan.id",
        "ip_proto": "network.iana_number",
        "orig_l2_addr": "source.mac",
        "resp_l2_addr": "destination.mac",
        "orig_ip_bytes": "source.bytes",
        "resp_ip_bytes": "destination.bytes",
        "orig_pkts": "source.packets",
        "resp_pkts": "destination.packets",
    },
    "dns": {
        "proto": "network.transport",
        "query": "dns.question.name",
        "qtype_name": "dns.question.type",
        "qclass_name": "dns.question.class",
        "rcode_name": "dns.response_code",
        "answers": "dns.answers.data",
        "TTLs": "dns.answers.ttl",
        "trans_id": "dns.id",
    },
    "http": {
        "method": "http.request.method",
        "host": "url.domain",
        "uri": "url.original",
        "referrer": "http.request.referrer",
        "version": "http.version",
        "user_agent": "user_agent.original",
        "request_body_len": "http.request.body.bytes",
        "response_body_len": "http.response.body.bytes",
        "status_code": "http.response.status_code",
        "username": "user.name",
        "resp_mime_types": "http.response.mime_type",
        "orig_mime_types": "http.request.mime_type",
    },
    "ssl": {
        "cipher": "tls.cipher",
        "curve": "tls.curve",
        "server_name": "tls.client.server_name",
        "resumed": "tls.resumed",
        "established": "tls.established",
        "next_protocol": "tls.next_protocol",
        "subject": "tls.server.subject",
        "issuer": "tls.server.issuer",
        "client_subject": "tls.client.subject",
        "client_issuer": "tls.client.issuer",
        "ja3": "tls.client.ja3",
        "ja3s": "tls.server.ja3s",
    },
    "files": {
        "filename": "file.name",
        "mime_type": "file.mime_type",
        "total_bytes": "file.size",
        "md5": "file.hash.md5",
        "sha1": "file.hash.sha1",
        "sha256": "file.hash.sha256",
    },
    "notice": {
        "proto": "network.transport",
        "note": "rule.name",
        "msg": "message",
        "src": "source.ip",
        "dst": "destination.ip",
        "p": "destination.port",
        "file_mime_type": "file.mime_type",
        "peer_descr": "observer.name",
    },
    "ssh": {"client": "user_agent.original"},
    "weird": {"name": "event.reason", "peer": "observer.name"},
    "smb_files": {"name": "file.name", "size": "file.size"},
    "ntlm": {"username": "user.name", "domainname": "user.domain", "hostname": "source.domain"},
    "ftp": {"user": "user.name", "mime_type": "file.mime_type", "file_size": "file.size"},
    "x509": {
        "certificate.serial": "file.x509.serial_number",
        "certificate.subject": "file.x509.subject.distinguished_name",
        "certificate.issuer": "file.x509.issuer.distinguished_name",
        "certificate.key_alg": "file.x509.public_key_algorithm",
        "certificate.sig_alg": "file.x509.signature_algorithm",
        "certificate.key_length": "file.x509.public_key_size",
        "san.dns": "file.x509.alternative_names",
    },
    "dhcp": {
        "mac": "source.mac",
        "client_addr": "source.ip",
        "server_addr": "destination.ip",
        "host_name": "dhcp.client_name",
        "domain": "source.domain",
    },
    "smtp": {
        "mailfrom": "email.sender.address",
        "rcptto": "email.to.address",
        "subject": "email.subject",
        "msg_id": "email.message_id",
        "user_agent": "user_agent.original",
    },
    "intel": {"seen.indicator": "threat.indicator.name", "seen.indicator_type": "threat.indicator.type"},
    "software": {"host": "source.ip", "name": "package.name", "unparsed_version": "package.version"},
    "known_hosts": {"host": "source.ip"},
    "known_services": {"host": "source.ip", "port_num": "source.port", "service": "network.protocol"},
    "signatures": {
        "note": "rule.category", "sig_id": "rule.id", "event_msg": "message",
        "src_addr": "source.ip", "src_port": "source.port",
        "dst_addr": "destination.ip", "dst_port": "destination.port",
    },
    "reporter": {"message": "message", "level": "log.level"},
    "syslog": {"message": "message"},
    "snmp": {"version": "zeek.snmp.version"},
}  # fmt: skip
"""Log → column → ECS name, beside those that all logs share."""

OTHER_LOGS = frozenset(
    {"smtp", "intel", "software", "known_hosts", "known_services", "signatures", "reporter"}
)
"""Logs with ECS names but without default columns here: they are read with their header, or as JSON."""


def ecs_name(path: str, column: str) -> str:
    """The field a column of a log becomes.

    >>> ecs_name("dns", "query"), ecs_name("dns", "id.orig_h"), ecs_name("dns", "rejected")
    ('dns.question.name', 'source.ip', 'zeek.dns.rejected')
    """
    return ECS.get(path, {}).get(column) or _COMMON.get(column) or f"zeek.{path}.{column}"


NAMES: dict[str, dict[str, str]] = {
    path: {
        column.lower(): ecs_name(path, column)
        for column in (*COLUMNS.get(path, ()), *ECS.get(path, ()), *_COMMON)
        if column != "ts"
    }
    for path in (*COLUMNS, *OTHER_LOGS)
}
"""Sigma service (the log's path) → field name as Zeek writes it, lower case → ECS."""
NAMES["http"] |= {
    "client_header_names": "zeek.http.client_header_names",
    "c-uri": "url.original",
    "c-useragent": "user_agent.original",
    "cs-method": "http.request.method",
    "cs-host": "url.domain",
}
