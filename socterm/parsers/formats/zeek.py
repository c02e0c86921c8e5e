"""Zeek's logs, as JSON and as tab-separated columns.

A TSV log names its columns in `#fields`, which is remembered for the rows to come; rows whose header was not
seen are told by their shape and read with the columns of a default installation. JSON is told by `_path`, or
by keys that only one log has. Tables: `taxonomy.zeek`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.ip")
('dns_response', '192.0.2.5', '192.0.2.53')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.zeek_fields import put_entry
from socterm.parsers.formats.zeek_rows import header, path_of, typed
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_HEADERS = ("#separator ", "#set_separator\t", "#empty_field\t", "#unset_field\t", "#path\t", "#open\t",
            "#fields\t", "#types\t", "#close\t")  # fmt: skip
_SERVICE = mark("network_device")
_NOTE = "zeek"
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("conn", ("conn_state",)),
    ("notice", ("note", "actions")),
    ("dns", ("trans_id",)),
    ("dns", ("qtype_name",)),
    ("dns", ("query", "rejected")),
    ("http", ("trans_depth", "tags")),
    ("http", ("trans_depth", "uri")),
    ("x509", ("certificate.serial",)),
    ("files", ("fuid", "analyzers")),
    ("files", ("fuid", "tx_hosts")),
    ("smb_files", ("action", "path", "times.modified")),
    ("smb_files", ("action", "path", "fuid")),
    ("smb_files", ("action", "name", "path")),
    ("smb_mapping", ("share_type",)),
    ("dce_rpc", ("endpoint", "operation")),
    ("dce_rpc", ("named_pipe",)),
    ("kerberos", ("request_type",)),
    ("rdp", ("security_protocol",)),
    ("rdp", ("cookie",)),
    ("rdp", ("cert_count",)),
    ("ntlm", ("domainname",)),
    ("ntlm", ("server_nb_computer_name",)),
    ("ssh", ("auth_attempts",)),
    ("ssh", ("cipher_alg", "kex_alg")),
    ("ssh", ("client", "server", "version")),
    ("ssl", ("server_name", "resumed")),
    ("ssl", ("cipher", "established")),
    ("ssl", ("resumed", "established")),
    ("smtp", ("helo",)),
    ("smtp", ("mailfrom",)),
    ("ftp", ("command", "reply_code")),
    ("ftp", ("user", "command")),
    ("dhcp", ("msg_types",)),
    ("intel", ("seen.indicator",)),
    ("software", ("software_type",)),
    ("tunnel", ("tunnel_type",)),
    ("signatures", ("sig_id",)),
    ("weird", ("name", "notice")),
    ("known_services", ("port_num", "port_proto")),
    ("pe", ("compile_ts",)),
    ("dpd", ("analyzer", "failure_reason")),
    ("snmp", ("community",)),
    ("sip", ("call_id", "request_path")),
    ("reporter", ("level", "location")),
)
"""Log → keys that, together, only its records have."""
_MARKS = frozenset({"id.orig_h", "uid", "fuid", "uids", "note", "sig_id", "host", "certificate.serial"})


def _object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    stamp = entry.get("ts")
    if stamp is None:
        stamp = entry.get("@timestamp") if "uid" in entry and "id.orig_h" in entry else None
    if isinstance(stamp, float) or stamp.__class__ is int:
        ts = round(stamp * 1_000_000) if 0 < stamp < 250_000_000_000 else None
    else:
        ts = when(reading.clock, stamp) if isinstance(stamp, str) else None
    if ts is None:
        return None
    path = entry.get("_path")
    if (
        not isinstance(path, str)
        or not path.isascii()
        or not path.replace("_", "").isalnum()
        or len(path) > 40
    ):
        path = next((name for name, keys in _SIGNS if all(key in entry for key in keys)), "")
    if not path or not (_zeekish(entry) or "_path" in entry):
        return None
    put_entry(path, entry, f)
    return ts, LOGSOURCES.get(f"zeek.{path}", LOGSOURCES["zeek"]), 1


def _zeekish(entry: dict[str, Any]) -> bool:
    """Whether it holds one of the keys by which Zeek's records hang together."""
    return not _MARKS.isdisjoint(entry)


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    if text[:1] == "#":
        return _header(text, f, reading)
    row = text.split("\t")
    if len(row) < 5 or not _epoch(row[0]):
        return None
    note = reading.memory.recall(_NOTE) or {}
    path, columns, types = path_of(row, note)
    if not path:
        return None
    whole, _, fraction = row[0].partition(".")
    put_entry(path, typed(row, columns, types), f)
    ts = int(whole) * 1_000_000 + int((fraction + "000000")[:6])
    return ts, LOGSOURCES.get(f"zeek.{path}", LOGSOURCES["zeek"]), 1


def _epoch(text: str) -> bool:
    """Whether it is Zeek's time: seconds since 1970 with six digits of a fraction."""
    return len(text) in (16, 17) and text[-7] == "." and text[:-7].isdecimal() and text[-6:].isdecimal()


def _header(text: str, f: Fields, reading: Reading) -> Found | None:
    """What stands before the rows: kept for them, and told as an event of its own."""
    if not text.startswith(_HEADERS):
        return None
    memory = reading.memory
    memory.keep(_NOTE, header(text, memory.recall(_NOTE) or {}))
    f["event.dataset"] = "zeek"
    f["message"] = text
    f.update(_SERVICE)
    if text.startswith(("#open\t", "#close\t")):
        day, clock = text.partition("\t")[2][:10], text.partition("\t")[2][11:]
        return when(reading.clock, f"{day} {clock.replace('-', ':')}"), LOGSOURCES["zeek"], 1
    return None, LOGSOURCES["zeek"], 1


FORMATS = (
    Format(
        name="zeek",
        title="Zeek, JSON and TSV",
        example=(
            '{"ts":1795168800.000001,"uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"192.0.2.5","id.orig_p":40000,'
            '"id.resp_h":"192.0.2.53","id.resp_p":53,"proto":"udp","trans_id":7,"query":"example.com",'
            '"qtype_name":"A","rcode_name":"NOERROR","rejected":false}'
        ),
        line=_line,
        begins="#0123456789{",
        object=_object,
        keys=(frozenset({"ts", "@timestamp"}),),
        order=30,
    ),
)
