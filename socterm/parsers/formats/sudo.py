"""sudo: commands run as somebody else, refusals, wrong passwords.

`USER : [WHAT WENT WRONG ; ]TTY=… ; PWD=… ; USER=… ; COMMAND=…`. user.name is who asked, user.effective.name
whom the command ran as. sudo-rs, Ubuntu's since 25.10, tells of commands only, and leaves failures to PAM.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('sudo_command', 'ann', '/usr/bin/id')
"""

from __future__ import annotations

import re

from socterm.parsers.envelopes import parse_json
from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, relate
from socterm.parsers.memory import Memory
from socterm.parsers.text import clean

_RAN = mark("sudo_command")
_DENIED = mark("sudo_denied")
_NOT_RUN = mark("sudo_not_run")
_WRONG = mark("sudo_failed", "failure")

_WRONG_PASSWORDS = re.compile(r"(\d{1,6}) incorrect password attempts?")
_REFUSALS = (
    "user NOT in sudoers",
    "user NOT authorized on host",
    "command not allowed",
    "sorry, you are not allowed",
    "user not allowed",
)
_UNASKED = (
    "a password is required",
    "no tty present",
    "sorry, you must have a tty",
    "a terminal is required",
)
_NAMES = {
    "TTY": "process.tty",
    "PWD": "process.working_directory",
    "USER": "user.effective.name",
    "GROUP": "group.name",
    "CWD": "process.working_directory",
    "TSID": "sudo.session_id",
    "ENV": "sudo.environment",
    "HOST": "sudo.host",
}
_JSON_NAMES = {
    "submituser": "user.name",
    "runuser": "user.effective.name",
    "rungroup": "group.name",
    "ttyname": "process.tty",
    "runcwd": "process.working_directory",
    "submitcwd": "process.working_directory",
    "submithost": "sudo.host",
}
_MOST = 500
"""Arguments of a command that are kept."""
_CONTINUED = "(command continued) "
_CEE = "@cee:"
"""Before an object: `Defaults log_format=json`, since sudo 1.9.4."""
_REST = "[...] "
"""How sudo-rs begins a line that goes on where the one before ended in `[...]`."""


def sudo(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for sudo."""
    msg = msg.lstrip()
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    if msg.startswith(_CEE):
        return _object(msg[len(_CEE) :].lstrip(), f, mem)
    if msg.startswith(_REST):
        f["sudo.continued"] = msg[len(_REST) :]
        return mem.times
    user, colon, rest = msg.partition(" : ")
    if not colon or (" " in user.strip() and " ; USER=" not in rest):
        return mem.times
    user = user.strip()
    if rest.startswith(_CONTINUED):
        relate(f, user=user)
        f["sudo.continued"] = rest[len(_CONTINUED) :]
        return mem.times
    before, command, line = rest.partition("COMMAND=")
    first = _assignments(before, f)
    if command:
        f["process.command_line"] = line
        f["process.executable"] = line.partition(" ")[0]
    if not first:
        if not command:
            return mem.times
        f["user.name"] = user
        f |= _RAN
        return mem.times
    f["user.name"] = user
    return _trouble(first, user, f, mem)


def _assignments(text: str, f: Fields) -> str:
    """Put `KEY=value ; KEY=value` into the fields; the answer is a leading part that is none."""
    first = ""
    for part in text.split(" ; "):
        key, equals, value = part.strip().partition("=")
        name = _NAMES.get(key) if equals else None
        if name is not None:
            if name not in f:
                f[name] = value.rstrip(" ;")
        elif part.strip() and not first:
            first = part.strip()
    return first


def _object(text: str, f: Fields, mem: Memory) -> int:
    """{"sudo":{"accept":{"submituser":…,"runuser":…,"command":…,"runargv":[…]}}}, or "reject", "alert"."""
    entry = parse_json(text)
    told = entry.get("sudo") if isinstance(entry, dict) else None
    kind, said = next(iter(told.items()), ("", None)) if isinstance(told, dict) else ("", None)
    if not isinstance(said, dict):
        return mem.times
    texts = {name: clean(value) for name, value in said.items() if isinstance(value, str) and value}
    for name, ours in _JSON_NAMES.items():
        if name in texts and ours not in f:
            f[ours] = texts[name]
    if "process.tty" in f:
        f["process.tty"] = f["process.tty"].removeprefix("/dev/")
    command, arguments = texts.get("command", ""), said.get("runargv")
    if command:
        rest = arguments[1:_MOST] if isinstance(arguments, list) else []
        f["process.executable"] = command
        f["process.command_line"] = " ".join([command, *(clean(one) for one in rest if isinstance(one, str))])
    if kind == "accept" and command:
        f |= _RAN
    elif kind in ("reject", "alert") and "reason" in texts:
        return _trouble(texts["reason"], texts.get("submituser", ""), f, mem)
    return mem.times


def _trouble(what: str, user: str, f: Fields, mem: Memory) -> int:
    """Something went wrong: the command did not run."""
    f["event.reason"] = what
    wrong = _WRONG_PASSWORDS.match(what)
    if wrong is not None:
        f |= _WRONG
        return mem.attempt(user, "sudo").count("sudo", int(wrong[1]) * mem.times)
    if what.startswith(_REFUSALS):
        f |= _DENIED
    elif what.startswith(_UNASKED):
        f |= _NOT_RUN
    return mem.times


FORMATS = (
    Format(
        name="sudo",
        title="sudo",
        example="Nov 20 10:00:00 web1 sudo: ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id",
        programs=dict.fromkeys(("sudo", "sudo-rs"), Program(sudo, "sudo", "sudo", varies=True)),
    ),
)
