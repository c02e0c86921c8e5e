"""Zeek's TSV rows: which log a row is of, by its header or its shape, and its values typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from socterm.taxonomy import zeek

Row = list[str]
_UID = re.compile(r"[CFDSx][0-9A-Za-z]{9,25}$")
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{2,45}$")
_VERSION = re.compile(r"(?:TLSv1[0-3]?|DTLSv1[0-3]?|SSLv[23]|unknown-\d{1,6}|-)$")
_STATES = frozenset(
    ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
)
_TRANSPORTS = frozenset(("tcp", "udp", "icmp", "unknown_transport"))
_TRUTH = frozenset(("T", "F"))
_MOST = 400


def _is(text: str, known: frozenset[str]) -> bool:
    return text in known or text == "-"


def _number(text: str) -> bool:
    return text.isdecimal() or text == "-"


_SHAPES: tuple[tuple[str, int, Callable[[Row], bool]], ...] = (
    ("conn", 20, lambda row: row[6] in _TRANSPORTS and row[11] in _STATES),
    ("dns", 24, lambda row: row[6] in _TRANSPORTS and _number(row[7]) and row[16] in _TRUTH),
    ("notice", 20, lambda row: "::" in row[10] and " " not in row[10]),
    ("http", 26, lambda row: row[6].isdecimal() and (row[7].isupper() or row[7] == "-")),
    ("ssl", 15, lambda row: _VERSION.match(row[6]) is not None and row[10] in _TRUTH),
    ("ssh", 15, lambda row: row[6] in ("1", "2") and _is(row[7], _TRUTH) and _number(row[8])),
    ("smb_files", 9, lambda row: row[7].startswith("SMB::")),
    ("smb_mapping", 10, lambda row: len(row) == 10 and row[6].startswith("\\\\")),
    ("dce_rpc", 10, lambda row: len(row) == 10 and (row[6] == "-" or "." in row[6]) and row[9] != "-"),
    ("kerberos", 20, lambda row: row[6] in ("AS", "TGS")),
    ("rdp", 20, lambda row: _number(row[13]) and _number(row[14])),
    ("ntlm", 13, lambda row: len(row) == 13 and _is(row[12], _TRUTH)),
    ("weird", 9, lambda row: len(row) <= 12 and _is(row[8], _TRUTH)),
)
"""Log → its least number of columns and what its rows of connections look like."""


def path_of(row: Row, note: Mapping[str, Any]) -> tuple[str, Sequence[str], Sequence[str]]:
    """(log, columns, types) of a row; ("", (), ()) where neither header nor shape tell.

    The header counts only for rows that fit it: a file may go on with another log.
    """
    shape = _shape(row)
    columns = note.get("fields", ())
    path = str(note.get("path", ""))
    if path and len(columns) == len(row) and columns[0] == "ts" and shape in ("", path):
        return path, columns, note.get("types", ())
    if not shape:
        return "", (), ()
    if shape == "files" and _ADDRESS.match(row[2]) is not None:
        return shape, zeek.COLUMNS["files_old"], ()
    return shape, zeek.COLUMNS[shape], ()


def _shape(row: Row) -> str:
    if len(row) > _MOST:
        return ""
    if (
        len(row) > 20
        and row[1][:1] == "F"
        and _UID.match(row[1]) is not None
        and (row[6].isdecimal() or _number(row[9]))
    ):
        return "files"
    if (
        len(row) < 9
        or not (row[1] == "-" or _UID.match(row[1]))
        or not row[3].isdecimal()
        or not row[5].isdecimal()
        or not _ADDRESS.match(row[2])
        or not _ADDRESS.match(row[4])
    ):
        return ""
    return next((path for path, least, fits in _SHAPES if len(row) >= least and fits(row)), "")


def header(text: str, note: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the file after one more header line; `#separator` begins a new one."""
    if text.startswith("#separator "):
        return {"separator": text[11:]}
    key, _, value = text[1:].partition("\t")
    if key == "path":
        plain = value.replace("_", "").isalnum() and value.isascii() and len(value) <= 40
        return {**note, "path": value if plain else ""}
    if key in ("fields", "types"):
        return {**note, key: value.split("\t")[:_MOST]}
    if key == "close":
        return {}
    return {**note, key: value}


def typed(row: Row, columns: Sequence[str], types: Sequence[str]) -> dict[str, Any]:
    """A row's set values under their columns' names, as JSON would have them."""
    entry: dict[str, Any] = {}
    for at, (name, value) in enumerate(zip(columns, row, strict=False)):
        if value in ("-", "(empty)"):
            continue
        kind = types[at] if at < len(types) else ""
        entry[name] = _value(value, kind or _kind(name))
    return entry


def _kind(name: str) -> str:
    """The type of a column whose header named none."""
    if name in zeek.INTS:
        return "count"
    if name in zeek.BOOLS:
        return "bool"
    if name in zeek.SETS:
        return "set"
    return "interval" if name in zeek.FLOATS else ""


def _value(text: str, kind: str) -> Any:
    if kind in ("count", "int", "port"):
        return int(text) if text.lstrip("-").isdecimal() and len(text) <= 19 else text
    if kind in ("interval", "double", "time"):
        try:
            return float(text) if len(text) <= 40 else text
        except ValueError:
            return text
    if kind == "bool":
        return text == "T" if text in _TRUTH else text
    if kind.startswith(("set", "vector")):
        return text.split(",")[:500]
    return text
