"""Changes of users and groups: useradd, usermod, userdel, groupadd, gpasswd, passwd, chage and their kin.

user.name is the account concerned; who changed it, where the line says so, is process.user.name. Shadow tools
log a change once for each file they write: the line about the account itself counts, its echoes
(`/etc/gshadow`, `shadow group`) do not.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('user_created', 'success', 'eve')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, number
from socterm.parsers.memory import Memory

_Q = r"['\"`]"
_NAME = rf"{_Q}(?P<user>.*?)['\"]"
_GROUP = rf"{_Q}(?P<group>.*?)['\"]"
_MADE_USER = re.compile(
    r"new user: name=(?P<user>.*?), UID=(?P<uid>\d+), GID=(?P<gid>\d+)(?:, home=(?P<home>.*?))?"
    r"(?:, shell=(?P<shell>.*?))?(?:, from=(?P<tty>\S+))?$"
)
_MADE_GROUP = re.compile(r"new group: name=(?P<group>.*?), GID=(?P<gid>\d+)$")

_FORMS: tuple[tuple[re.Pattern[str], str, str, int], ...] = (
    (_MADE_USER, "user_created", "success", 1),
    (_MADE_GROUP, "group_created", "success", 1),
    (
        re.compile(r"group added to \S+: name=(?P<group>[^,]*)(?:, GID=(?P<gid>\d+))?$"),
        "group_created",
        "success",
        0,
    ),
    (re.compile(rf"add(?:ed)? {_NAME} to group {_GROUP}"), "group_member_added", "success", 1),
    (re.compile(rf"add(?:ed)? {_NAME} to shadow group {_GROUP}"), "group_member_added", "success", 0),
    (re.compile(rf"(?:delete|removed?) {_NAME} from group {_GROUP}"), "group_member_removed", "success", 1),
    (
        re.compile(rf"(?:delete|removed?) {_NAME} from shadow group {_GROUP}"),
        "group_member_removed",
        "success",
        0,
    ),
    (
        re.compile(r"user (?P<user>.+) added by (?P<by>\S+) to group (?P<group>.+)$"),
        "group_member_added",
        "success",
        1,
    ),
    (
        re.compile(r"user (?P<user>.+) removed by (?P<by>\S+) from group (?P<group>.+)$"),
        "group_member_removed",
        "success",
        1,
    ),
    (
        re.compile(r"add member (?P<user>.+) to group (?P<group>.+) by (?P<by>\S+)$"),
        "group_member_added",
        "success",
        1,
    ),
    (
        re.compile(r"remove member (?P<user>.+) from group (?P<group>.+) by (?P<by>\S+)$"),
        "group_member_removed",
        "success",
        1,
    ),
    (
        re.compile(r"members of group (?P<group>.+) set by (?P<by>\S+) to (?P<members>.*)$"),
        "group_changed",
        "success",
        1,
    ),
    (re.compile(r"set members of (?P<group>.+) to (?P<members>.*)$"), "group_changed", "success", 1),
    (
        re.compile(r"(?:administrators of group|set administrators of) (?P<group>\S+)"),
        "group_changed",
        "success",
        1,
    ),
    (
        re.compile(r"change the password of group (?P<group>.+) by (?P<by>\S+)$"),
        "group_changed",
        "success",
        1,
    ),
    (re.compile(rf"failed (?:adding|to add) user {_NAME}"), "user_created", "failure", 1),
    (re.compile(rf"failed (?:adding|to add) group {_GROUP}"), "group_created", "failure", 1),
    (re.compile(rf"change user name {_NAME} to {_Q}(?P<new>.*?)'"), "user_changed", "success", 1),
    (
        re.compile(rf"change user {_NAME} UID from {_Q}(?P<old>\d+)' to {_Q}(?P<uid>\d+)'"),
        "user_changed",
        "success",
        1,
    ),
    (
        re.compile(rf"change user {_NAME} GID from {_Q}(?P<old>\d+)' to {_Q}(?P<gid>\d+)'"),
        "user_changed",
        "success",
        1,
    ),
    (re.compile(rf"change user {_NAME} password"), "password_changed", "success", 1),
    (
        re.compile(rf"changed? user {_NAME} (?P<what>\w+)(?: (?:from .*? )?to {_Q}(?P<value>.*?)')?"),
        "user_changed",
        "success",
        1,
    ),
    (re.compile(rf"lock user {_NAME} password"), "user_locked", "success", 1),
    (re.compile(rf"unlock user {_NAME} password"), "user_unlocked", "success", 1),
    (re.compile(rf"delete user {_NAME}"), "user_deleted", "success", 1),
    (re.compile(rf"removed group {_GROUP} owned by {_NAME}"), "group_deleted", "success", 1),
    (re.compile(rf"removed shadow group {_GROUP} owned by {_NAME}"), "group_deleted", "success", 0),
    (re.compile(rf"(?:remove )?group {_GROUP} removed from \S+"), "group_deleted", "success", 0),
    (re.compile(rf"(?:remove )?group {_GROUP} removed$"), "group_deleted", "success", 1),
    (re.compile(rf"remove group {_GROUP}$"), "group_deleted", "success", 1),
    (re.compile(r"group changed in \S+ \(group (?P<group>.+?)/(?P<gid>\d+)"), "group_changed", "success", 1),
    (re.compile(rf"change group {_GROUP} to {_Q}(?P<renamed>.*?)'"), "group_changed", "success", 1),
    (re.compile(rf"change GID for {_GROUP} to (?P<gid>\d+)"), "group_changed", "success", 1),
    (re.compile(rf"password for {_NAME} changed by {_Q}(?P<by>.*?)'"), "password_changed", "success", 1),
    (re.compile(rf"password (?:for|of) {_NAME} (?:has been )?locked"), "user_locked", "success", 1),
    (
        re.compile(r"changed password (?:expiry|aging|ageing) for (?P<user>.+)$"),
        "password_aging_changed",
        "success",
        1,
    ),
    (
        re.compile(r"(?:user )?(?P<user>\S+) changed (?:shell|login shell) to (?P<shell>\S+)$"),
        "user_changed",
        "success",
        1,
    ),
    (re.compile(r"\(user (?P<user>.+?)\) pam_chauthtok\(\) failed"), "password_changed", "failure", 0),
)
"""(form, action, outcome, weight). The first that matches is taken; weight 0 is an echo of another line."""

_FIELDS = {
    "user": "user.name",
    "group": "group.name",
    "home": "user.home",
    "shell": "user.shell",
    "tty": "process.tty",
    "by": "process.user.name",
    "new": "user.changes.name",
    "renamed": "group.changes.name",
    "what": "user.changes.field",
    "value": "user.changes.value",
    "members": "group.members",
}
_NUMBERS = {"uid": "user.id", "gid": "group.id"}
_MARKS = {(action, outcome): mark(action, outcome) for _, action, outcome, _ in _FORMS}


def accounts(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for the account tools."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    for form, action, outcome, weight in _FORMS:
        found = form.match(msg)
        if found is None:
            continue
        for key, value in found.groupdict().items():
            if value is None:
                continue
            if key in _NUMBERS:
                f[_NUMBERS[key]] = number(value)
            elif key in _FIELDS:
                f[_FIELDS[key]] = value
        if "user.name" in f:
            f["user.target.name"] = f["user.name"]
        f.update(_MARKS[action, outcome])
        return weight * mem.times
    return mem.times


_OWN = (
    "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel",
    "gpasswd", "passwd", "chage", "chfn", "chsh",
)  # fmt: skip
_KIN = {"chpasswd": "passwd", "newusers": "useradd", "adduser": "useradd", "deluser": "userdel"}
"""Programs that tell of the same in the same words."""

FORMATS = (
    Format(
        name="accounts",
        title="useradd, usermod, groupadd, gpasswd, passwd, chage and their kin",
        example="Nov 20 10:00:00 web1 useradd[11]: new user: name=eve, UID=1002, GID=1002, home=/home/eve",
        programs={
            name: Program(accounts, dataset) for name, dataset in ({n: n for n in _OWN} | _KIN).items()
        },
    ),
)
