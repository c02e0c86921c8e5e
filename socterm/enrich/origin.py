"""Who is behind it: from sudo, su and account changes back to the SSH login they were made from.

Remembered per source: the logins that are still open, and who became whom since. All of it is a function of
the lines in order, bounded, and survives a restart (`changes`/`restore`), as what decoders remember does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from socterm.enrich.sessions import Login, Open, Switch
from socterm.event import Event
from socterm.taxonomy import ACTIONS

Fields = dict[str, Any]

OPEN_AT_MOST = 14 * 24 * 3_600_000_000
"""µs after which a login counts as over although nothing said so: its last line may have been lost."""

_LOGINS = 4096
_SWITCHES = 1024
_ASKED = 1024
_LONGEST = 256
"""Characters of a user's or host's name; nobody logs in under a longer one."""

_MOST = 16
"""Users that a chain of changes is followed through, and logins that are named."""

_SSHD = frozenset({"sshd", "sshd-session", "sshd-auth"})
_SUDO = frozenset({"sudo", "sudo-i"})
_SWITCHERS = _SUDO | {"su", "su-l", "runuser", "runuser-l"}
_GOES_DOWN = ("System is rebooting", "System is powering", "System is halting", "The system will")
_OWN_PASSWORD = frozenset({"password_changed", "user_changed"})


def _name(value: object) -> str:
    """A name that can be one, else "": names are the sender's choice."""
    return value if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() else ""


class Origins:
    """The open sessions of one source. Give it each event that `ACTS` knows, in order."""

    def __init__(self) -> None:
        self._logins = Open(Login, "login", _LOGINS)
        self._switches = Open(Switch, "as", _SWITCHES)
        self._asked = Open(Switch, "sudo", _ASKED)

    def see(self, event: Event) -> None:
        """Remember what the event changes, and write into it who is behind it where that is known.

        Adds `session.origin.ip` (`session.origin.domain` where sshd told a name) and `session.origin.user`;
        a tuple, newest login first, where there are several.
        """
        ACTS[event.fields["event.action"]](self, event, event.fields)

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is gone."""
        return [*self._logins.changes(), *self._switches.changes(), *self._asked.changes()]

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away; keys of others are left alone."""
        kept = list(entries)
        for one in (self._logins, self._switches, self._asked):
            one.restore(kept)

    # -- logins --------------------------------------------------------------------------

    def login(self, event: Event, f: Fields) -> None:
        """Accepted METHOD for USER from PEER."""
        host, user = _name(f.get("host.hostname")), _name(f.get("user.name"))
        address, ip = _name(f.get("source.ip")), True
        if not address:
            address, ip = _name(f.get("source.domain")), False
        port = f.get("source.port")
        if user and address and f.get("event.outcome") == "success":
            port = port if type(port) is int else 0
            entry = Login(event.position, event.ts, host, user, address, port, ip)
            self._logins.add(_key(host, f) or f"{host} {address}:{port}", entry)

    def gone(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """A connection ended: its login, found by process, else by peer, is over."""
        host = _name(f.get("host.hostname"))
        key = _key(host, f)
        if key and self._logins.remove(key):
            return
        address, port = f.get("source.ip") or f.get("source.domain"), f.get("source.port")
        user = f.get("user.name")
        found = [
            key
            for key, login in self._logins.all_of("peer", host, _name(address))
            if (user is None or user == login.user) and (port is None or port == login.port)
        ]
        if len(found) == 1:
            self._logins.remove(found[0])

    # -- other users ---------------------------------------------------------------------

    def opened(self, event: Event, f: Fields) -> None:
        """session opened for user TARGET by USER, of su or sudo."""
        name = f.get("process.name")
        if name not in _SWITCHERS:
            return
        host, user = _name(f.get("host.hostname")), _name(f.get("user.effective.name"))
        by = f.get("user.name")
        if name in _SUDO:
            related = f.get("related.user")
            by = related[0] if isinstance(related, tuple) and related else None
            asked = None if by else self._asked.get(host)
            if asked is not None and asked.user == user:
                by = asked.by
        self._become(event, f, host, _name(by), user, opens=1)
        self._tell(event, f, host, _name(by))

    def closed(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """session closed for user USER, of sshd, su or sudo."""
        name = f.get("process.name")
        if name in _SSHD:
            if "pam.module" in f:
                self._logins.remove(_key(_name(f.get("host.hostname")), f))
            return
        if name not in _SWITCHERS:
            return
        host = _name(f.get("host.hostname"))
        own = _key(host, f)
        if own and self._switches.remove(own):
            return
        for key, switch in self._switches.all_of("user", host, _name(f.get("user.effective.name"))):
            # With a number that is not known, it can only be one that was opened without.
            if not own or key.endswith(" "):
                if switch.times > 1:
                    self._switches.add(key, replace(switch, times=switch.times - 1))
                else:
                    self._switches.remove(key)
                return

    def su(self, event: Event, f: Fields) -> None:
        """su from USER to TARGET."""
        host, by = _name(f.get("host.hostname")), _name(f.get("user.name"))
        self._tell(event, f, host, by)
        if f.get("event.outcome") == "success":
            self._become(event, f, host, by, _name(f.get("user.effective.name")))

    def sudo(self, event: Event, f: Fields) -> None:
        """USER : … ; COMMAND=…."""
        host, by = _name(f.get("host.hostname")), _name(f.get("user.name"))
        if by and f["event.action"] == "sudo_command":
            user = _name(f.get("user.effective.name")) or "root"
            self._asked.add(host, Switch(event.position, event.ts, host, user, by))
        self._tell(event, f, host, by)

    def account(self, event: Event, f: Fields) -> None:
        """An account was changed: by whom the line says, else by root, else by its owner."""
        host, by = _name(f.get("host.hostname")), _name(f.get("process.user.name"))
        if self._tell(event, f, host, by or "root") or by:
            return
        if f["event.action"] in _OWN_PASSWORD:
            self._tell(event, f, host, _name(f.get("user.name")))

    def crontab(self, event: Event, f: Fields) -> None:
        """A user touched a crontab."""
        self._tell(event, f, _name(f.get("host.hostname")), _name(f.get("user.name")))

    def power(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """The machine goes down: all its sessions end."""
        message = f.get("message")
        if isinstance(message, str) and message.startswith(_GOES_DOWN):
            host = _name(f.get("host.hostname"))
            for one in (self._logins, self._switches):
                for key, _ in one.all_of("host", host):
                    one.remove(key)

    # -- the way back --------------------------------------------------------------------

    def _become(self, event: Event, f: Fields, host: str, by: str, user: str, opens: int = 0) -> None:
        """`by` is `user` too from now on. Sessions without a number are only counted: any may end first."""
        if not by or not user or by == user:
            return
        key = _key(host, f)
        if not key:
            key = f"{host} {user} {by} "
            known = self._switches.get(key)
            opens += known.times if known is not None else 0
        self._switches.add(key, Switch(event.position, event.ts, host, user, by, opens))

    def _tell(self, event: Event, f: Fields, host: str, user: str) -> bool:
        """Write the logins behind a user into the event; whether there are any."""
        if not user:
            return False
        logins = self._behind(host, user, event.ts)
        for name, values in (
            ("session.origin.ip", [login.address for login in logins if login.is_ip]),
            ("session.origin.domain", [login.address for login in logins if not login.is_ip]),
            ("session.origin.user", [login.user for login in logins]),
        ):
            found = tuple(dict.fromkeys(values))
            if found:
                f[name] = found if len(found) > 1 else found[0]
        return bool(logins)

    def _behind(self, host: str, user: str, ts: int) -> list[Login]:
        """A user's open logins and those of whoever became that user, the newest of each first."""
        users = [user]
        found: list[Login] = []
        for who in users:
            logins = (login for _, login in self._logins.all_of("user", host, who))
            found += [login for login in logins if ts - login.ts < OPEN_AT_MOST]
            for _, switch in self._switches.all_of("user", host, who):
                if switch.by not in users and len(users) < _MOST and ts - switch.ts < OPEN_AT_MOST:
                    users.append(switch.by)
        return found[:_MOST]


def _key(host: str, f: Fields) -> str:
    """What a process is remembered under; "" without its number."""
    pid = f.get("process.pid")
    return f"{host} {pid}" if type(pid) is int else ""


Act = Callable[[Origins, Event, Fields], None]

_ACCOUNTS: dict[str, Act] = {
    name: Origins.account for name, action in ACTIONS.items() if "iam" in action.category
}
ACTS: dict[str, Act] = _ACCOUNTS | {
    "ssh_login": Origins.login,
    "ssh_disconnect": Origins.gone,
    "ssh_timeout": Origins.gone,
    "session_opened": Origins.opened,
    "session_closed": Origins.closed,
    "su": Origins.su,
    "sudo_command": Origins.sudo,
    "sudo_denied": Origins.sudo,
    "sudo_failed": Origins.sudo,
    "sudo_not_run": Origins.sudo,
    "crontab_changed": Origins.crontab,
    "crontab_read": Origins.crontab,
    "crontab_denied": Origins.crontab,
    "power": Origins.power,
}
"""event.action → what it means here."""
