"""Zeek's logs as tables: the columns each has by default, their types, and the ECS names they become.

Columns without an ECS name are kept as `zeek.LOG.COLUMN`. Source: the record
types of Zeek 4 to 7's base scripts.
"""

from __future__ import annotations

_CONN = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _columns(text: str) -> dict[str, tuple[str, ...]]:
    """`LOG: COLUMN …`, continued on indented lines; `@` stands for what all connections begin with."""
    found: dict[str, tuple[str, ...]] = {}
    for row in text.strip().replace("\n    ", " ").splitlines():
        path, _, names = row.partition(":")
        found[path] = tuple(
            column for name in names.split() for column in (_CONN if name == "@" else (name,))
        )
    return found


COLUMNS: dict[str, tuple[str, ...]] = _columns(
    """
conn: @ proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes
    history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents
dns: @ proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z
    answers TTLs rejected
http: @ trans_depth method host uri referrer version user_agent origin request_body_len
    response_body_len status_code status_msg info_code info_msg tags username password proxied
    orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types
ssl: @ version cipher curve server_name resumed last_alert next_protocol established ssl_history
    cert_chain_fps client_cert_chain_fps sni_matches_cert
files: ts fuid uid id.orig_h id.orig_p id.resp_h id.resp_p source depth analyzers mime_type filename
    duration local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid
    md5 sha1 sha256 extracted extracted_cutoff extracted_size
notice: @ fuid file_mime_type file_desc proto note msg sub src dst p n peer_descr actions email_dest
    suppress_for
ssh: @ version auth_success auth_attempts direction client server cipher_alg mac_alg compression_alg
    kex_alg host_key_alg host_key
weird: @ name addl notice peer source
dce_rpc: @ rtt named_pipe endpoint operation
smb_files: @ fuid action path name size prev_name times.modified times.accessed times.created
    times.changed
smb_mapping: @ path service native_file_system share_type
rdp: @ cookie result security_protocol client_channels keyboard_layout client_build client_name
    client_dig_product_id desktop_width desktop_height requested_color_depth cert_type cert_count
    cert_permanent encryption_level encryption_method
kerberos: @ request_type client service success error_msg from till cipher forwardable renewable
    client_cert_subject client_cert_fuid server_cert_subject server_cert_fuid
ntlm: @ username hostname domainname server_nb_computer_name server_dns_computer_name server_tree_name
    success
ftp: @ user password command arg mime_type file_size reply_code reply_msg data_channel.passive
    data_channel.orig_h data_channel.resp_h data_channel.resp_p fuid
x509: ts fingerprint certificate.version certificate.serial certificate.subject certificate.issuer
    certificate.not_valid_before certificate.not_valid_after certificate.key_alg certificate.sig_alg
    certificate.key_type certificate.key_length certificate.exponent certificate.curve san.dns san.uri
    san.email san.ip basic_constraints.ca basic_constraints.path_len host_cert client_cert
dhcp: ts uids client_addr server_addr mac host_name client_fqdn domain requested_addr assigned_addr
    lease_time client_message server_message msg_types duration
files_old: ts fuid tx_hosts rx_hosts conn_uids source depth analyzers mime_type filename duration
    local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1
    sha256 extracted extracted_cutoff extracted_size
"""
)
"""Log → its columns in the order of a default installation, for rows whose header was not seen; `files_old`
are those of files.log before Zeek 5.1."""

INTS = _words(
    """
    Z auth_attempts basic_constraints.path_len cert_count certificate.key_length certificate.version
    data_channel.resp_p depth desktop_height desktop_width extracted_size file_size id.orig_p id.resp_p
    info_code missed_bytes missing_bytes n orig_bytes orig_ip_bytes orig_pkts overflow_bytes p qclass
    qtype rcode reply_code request_body_len resp_bytes resp_ip_bytes resp_pkts response_body_len
    seen_bytes size status_code total_bytes trans_depth trans_id version_num
    """
)
FLOATS = _words(
    """
    duration lease_time rtt suppress_for
    """
)
BOOLS = _words(
    """
    AA RA RD TC auth_success basic_constraints.ca cert_permanent client_cert data_channel.passive
    established extracted_cutoff forwardable host_cert is_orig local_orig local_resp notice rejected
    renewable resumed sni_matches_cert success timedout
    """
)
SETS = _words(
    """
    TTLs actions analyzers answers cert_chain_fps cert_chain_fuids client_cert_chain_fps
    client_cert_chain_fuids client_channels conn_uids email_dest msg_types orig_filenames orig_fuids
    orig_mime_types proxied resp_filenames resp_fuids resp_mime_types rx_hosts san.dns san.email san.ip
    san.uri tags tunnel_parents tx_hosts uids
    """
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
    if path != "files_old"
}
"""Sigma service (the log's path) → field name as Zeek writes it, lower case → ECS."""
NAMES["http"] |= {
    "client_header_names": "zeek.http.client_header_names",
    "c-uri": "url.original",
    "c-useragent": "user_agent.original",
    "cs-method": "http.request.method",
    "cs-host": "url.domain",
}
