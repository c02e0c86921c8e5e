"""The parts of an EVE object that are rarer: files, SSH, SMB, DHCP, FTP, Kerberos, mail; under ECS names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socterm.parsers.flat import flatten
from socterm.parsers.formats.suricata_parts import copied
from socterm.parsers.marks import Fields, mark
from socterm.parsers.traffic import mac_of

_LOGIN = mark("network_login", "success"), mark("network_login", "failure")
_LEASE, _REFUSED = mark("dhcp_lease"), mark("dhcp_denied")

_FILE_NAMES = {
    "filename": "file.path",
    "size": "file.size",
    "magic": "suricata.fileinfo.magic",
    "mimetype": "file.mime_type",
    "md5": "file.hash.md5",
    "sha1": "file.hash.sha1",
    "sha256": "file.hash.sha256",
}
_copy_file = copied(_FILE_NAMES, "suricata.fileinfo")


def _fileinfo(value: Any, f: Fields) -> None:
    _copy_file(value, f)
    path = f.get("file.path")
    if path.__class__ is str:
        f["file.name"] = path.replace("\\", "/").rpartition("/")[2] or path


def _files(value: Any, f: Fields) -> None:
    """The files of an alert's transaction: the first one's fields, all their hashes are in the raw line."""
    if value.__class__ is list and value and value[0].__class__ is dict:
        _fileinfo(value[0], f)


def _ssh(value: Any, f: Fields) -> None:
    if value.__class__ is dict:
        flatten(value, f, "suricata.ssh.", 2)


def _smb(value: Any, f: Fields) -> None:
    if value.__class__ is not dict:
        return
    flatten(value, f, "suricata.smb.", 2)
    for key, name in (("filename", "file.path"), ("share", "file.share")):
        if value.get(key).__class__ is str:
            f[name] = value[key]
    for key in ("ntlmssp", "kerberos"):
        part = value.get(key)
        if part.__class__ is dict and part.get("user").__class__ is str and part["user"]:
            f["user.name"] = part["user"]
            if part.get("domain").__class__ is str:
                f["user.domain"] = part["domain"]


_copy_dhcp = copied(
    {"hostname": "dhcp.client_name", "dhcp_type": "dhcp.message", "client_mac": "", "assigned_ip": ""},
    "suricata.dhcp",
)


def _dhcp(value: Any, f: Fields) -> None:
    if value.__class__ is not dict:
        return
    _copy_dhcp(value, f)
    mac, given = value.get("client_mac"), value.get("assigned_ip")
    if mac.__class__ is str:
        f["client.mac"] = mac_of(mac)
    if given.__class__ is str and given != "0.0.0.0":  # noqa: S104 - what DHCP says for "none yet"
        f["client.ip"] = given
    if f["event.dataset"] == "suricata.dhcp":
        what = value.get("dhcp_type")
        if what in ("ack", "offer"):
            f.update(_LEASE)
        elif what == "nak":
            f.update(_REFUSED)


def _ftp(value: Any, f: Fields) -> None:
    if value.__class__ is not dict:
        return
    flatten(value, f, "suricata.ftp.", 2)
    code = value.get("completion_code")
    said = code[0] if code.__class__ is list and code else None
    if value.get("command") == "USER" and value.get("command_data").__class__ is str:
        f["user.name"] = value["command_data"]
    if value.get("command") == "PASS" and said in ("230", "530"):
        f.update(_LOGIN[said == "530"])


def _krb5(value: Any, f: Fields) -> None:
    if value.__class__ is not dict:
        return
    flatten(value, f, "suricata.krb5.", 2)
    who = value.get("cname")
    if who.__class__ is str and who != "<empty>":
        f["user.name"] = who
    if value.get("failed_request").__class__ is str or value.get("error_code") is not None:
        f["event.outcome"] = "failure"


_EMAIL_NAMES = {
    "from": "email.from.address",
    "to": "email.to.address",
    "cc": "email.cc.address",
    "subject": "email.subject",
    "message_id": "email.message_id",
    "attachment": "email.attachments.file.name",
}

MORE: dict[str, Callable[[Any, Fields], None]] = {
    "fileinfo": _fileinfo,
    "files": _files,
    "ssh": _ssh,
    "smb": _smb,
    "dhcp": _dhcp,
    "ftp": _ftp,
    "krb5": _krb5,
    "email": copied(_EMAIL_NAMES, "suricata.email"),
    "smtp": copied({"mail_from": "email.sender.address", "rcpt_to": "email.to.address"}, "suricata.smtp"),
}
"""Key of an EVE object → what reads it."""
