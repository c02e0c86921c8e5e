"""Who is behind it: from sudo, su and account changes back to the SSH login they were made from.

Remembered per source: the logins that are still open, and who became whom since. All of it is a function of
the lines in order, bounded, and survives a restart (`changes`/`restore`), as what decoders remember does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
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
_HOSTS = 1024
_LONGEST = 256
"""Characters of a user's or host's name; nobody logs in under a longer one."""

_MOST = 16
"""Users that a chain of changes is followed through, and logins that are named."""

_SSHD = frozenset({"sshd", "sshd-session", "sshd-auth"})
_SUDO = frozenset({"sudo", "sudo-i"})
_SWITCHERS = _SUDO | {"su", "su-l", "runuser", "runuser-l"}
_GOES_DOWN = ("System is rebooting", "System is powering", "System is halting", "The system will")
_OWN = frozenset({"password_changed", "user_changed"})
"""What users can do to their own account."""


def _name(value: object) -> str:
    """A name that can be one, else "": what is remembered is the sender's choice."""
    return value if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() else ""


def _key(host: object, f: Fields) -> str:
    """What a process is remembered under; "" without its number."""
    pid = f.get("process.pid")
    return f"{host} {pid}" if type(pid) is int else ""


class Origins:
    """The open sessions of one source, told of by its events in order: `act(origins, event, event.fields)`
    with the act that `ACTS` has for its action.

    That remembers what the event changes, and writes into it who is behind it where that is known:
    `session.origin.ip` (`session.origin.domain` where sshd told a name) and `session.origin.user`; a tuple,
    newest login first, where there are several.
    """

    def __init__(self) -> None:
        self._logins = Open(Login, "login", _LOGINS)
        self._switches = Open(Switch, "as", _SWITCHES)
        self._asked = Open(Switch, "sudo", _HOSTS)

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is gone."""
        return [*self._logins.changes(), *self._switches.changes(), *self._asked.changes()]

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away; keys of others are left alone."""
        kept = list(entries)
        self._logins.restore(kept)
        self._switches.restore(kept)
        self._asked.restore(kept)

    # -- logins --------------------------------------------------------------------------

    def login(self, event: Event, f: Fields) -> None:
        """Accepted METHOD for USER from PEER."""
        host, user = _name(f.get("host.hostname")), _name(f.get("user.name"))
        address, ip = f.get("source.ip"), True
        if address is None:
            address, ip = f.get("source.domain"), False
        address, port = _name(address), f.get("source.port")
        if user and address and f.get("event.outcome") == "success":
            port = port if type(port) is int and 0 < port < 1 << 16 else 0
            entry = Login(event.position, event.ts, host, user, address, port, ip)
            self._logins.add(_key(host, f) or f"{host} {address}:{port}", entry)

    def gone(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """A connection ended: its login, found by process, else by peer, is over."""
        host = f.get("host.hostname", "")
        found = self._logins.of_peer.get((host, f.get("source.ip") or f.get("source.domain")))  # type: ignore[arg-type]
        if found is None:
            return
        key = _key(host, f)
        if key not in found:
            port, user = f.get("source.port"), f.get("user.name")
            keys = [
                key
                for key, login in found.items()
                if (user is None or user == login.user) and (port is None or port == login.port)
            ]
            if len(keys) != 1:
                return
            key = keys[0]
        self._logins.remove(key)

    def closed(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """session closed for user USER, of sshd, su or sudo."""
        name = f.get("process.name")
        if name in _SSHD:
            if "pam.module" in f:
                self._logins.remove(_key(f.get("host.hostname", ""), f))
        elif name in _SWITCHERS:
            self._back(f)

    # -- other users ---------------------------------------------------------------------

    def opened(self, event: Event, f: Fields) -> None:
        """session opened for user TARGET by USER, of su or sudo."""
        name = f.get("process.name")
        if name not in _SWITCHERS:
            return
        host, user = f.get("host.hostname", ""), f.get("user.effective.name")
        by = f.get("user.name")
        if name in _SUDO:
            related = f.get("related.user")
            by = related[0] if isinstance(related, tuple) and related else None
            asked = None if by else self._asked.get(host)
            if asked is not None and asked.user == user:
                by = asked.by
        self._become(event, f, by, user, opens=1)
        self._tell(event, f, host, by)

    def su(self, event: Event, f: Fields) -> None:
        """su from USER to TARGET."""
        by = f.get("user.name")
        self._tell(event, f, f.get("host.hostname", ""), by)
        if f.get("event.outcome") == "success":
            self._become(event, f, by, f.get("user.effective.name"))

    def sudo(self, event: Event, f: Fields) -> None:
        """USER : … ; COMMAND=…."""
        host, by = f.get("host.hostname", ""), f.get("user.name")
        if f["event.action"] == "sudo_command":
            user = f.get("user.effective.name", "root")
            known = self._asked.get(host)
            if known is None or known.by != by or known.user != user:
                name, target = _name(by), _name(user)
                if name and target and _name(host):
                    self._asked.add(host, Switch(event.position, event.ts, host, target, name))
        self._tell(event, f, host, by)

    def _become(self, event: Event, f: Fields, by: object, user: object, opens: int = 0) -> None:
        """`by` is `user` too from now on. Sessions without a number are only counted: any may end first."""
        host, who, target = _name(f.get("host.hostname")), _name(by), _name(user)
        if not who or not target or who == target:
            return
        key = _key(host, f)
        if not key:
            key = f"{host} {target} {who} "
            known = self._switches.get(key)
            opens += known.times if known is not None else 0
        self._switches.add(key, Switch(event.position, event.ts, host, target, who, opens))

    def _back(self, f: Fields) -> None:
        """A session of su or sudo ended."""
        host = f.get("host.hostname", "")
        own = _key(host, f)
        if self._switches.remove(own):
            return
        found = self._switches.of_user.get((host, f.get("user.effective.name", "")), {})
        for key in reversed(found):
            # With a number that is not known, it can only be one that was opened without.
            if not own or key.endswith(" "):
                switch = found[key]
                if switch.times > 1:
                    self._switches.add(key, replace(switch, times=switch.times - 1))
                else:
                    self._switches.remove(key)
                return

    # -- what users and others did -------------------------------------------------------

    def account(self, event: Event, f: Fields) -> None:
        """An account was changed: by whom the line says, else by root, else by its owner."""
        host, by = f.get("host.hostname", ""), f.get("process.user.name")
        if self._tell(event, f, host, by or "root") or by:
            return
        if f["event.action"] in _OWN:
            self._tell(event, f, host, f.get("user.name"))

    def crontab(self, event: Event, f: Fields) -> None:
        """A user touched a crontab."""
        self._tell(event, f, f.get("host.hostname", ""), f.get("user.name"))

    def power(self, event: Event, f: Fields) -> None:  # noqa: ARG002 - one signature for the table
        """The machine goes down: all its sessions end."""
        message = f.get("message")
        if isinstance(message, str) and message.startswith(_GOES_DOWN):
            self._logins.leave(f.get("host.hostname", ""))
            self._switches.leave(f.get("host.hostname", ""))

    # -- the way back --------------------------------------------------------------------

    def _tell(self, event: Event, f: Fields, host: str, user: Any) -> bool:
        """Write the logins behind a user into the event; whether there are any."""
        own = self._logins.of_user.get((host, user))
        if own is None and (host, user) not in self._switches.of_user:
            return False
        logins = self._behind(host, user, event.ts)
        if len(logins) == 1 and logins[0].is_ip:
            f["session.origin.ip"] = logins[0].address
            f["session.origin.user"] = logins[0].user
            return True
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
        logins_of, switches_to = self._logins.of_user, self._switches.of_user
        for who in users:
            logins = logins_of.get((host, who))
            if logins is not None:
                newest = islice(reversed(logins.values()), _MOST)
                found += [login for login in newest if ts - login.ts < OPEN_AT_MOST]
            switches = switches_to.get((host, who))
            if switches is not None:
                for switch in islice(reversed(switches.values()), _MOST):
                    if switch.by not in users and len(users) < _MOST and ts - switch.ts < OPEN_AT_MOST:
                        users.append(switch.by)
        return found[:_MOST]


Act = Callable[[Origins, Event, Fields], None]

_ACCOUNTS: dict[str, Act] = {
    name: Origins.account for name, action in ACTIONS.items() if "iam" in action.category
}
_SUDOS: dict[str, Act] = {
    "sudo_command": Origins.sudo,
    "sudo_denied": Origins.sudo,
    "sudo_failed": Origins.sudo,
    "sudo_not_run": Origins.sudo,
}
_CRONTABS: dict[str, Act] = {
    "crontab_changed": Origins.crontab,
    "crontab_read": Origins.crontab,
    "crontab_denied": Origins.crontab,
}
_SESSIONS: dict[str, Act] = {"session_opened": Origins.opened, "session_closed": Origins.closed}
_LOGINS_ENDS: dict[str, Act] = {
    "ssh_login": Origins.login,
    "ssh_disconnect": Origins.gone,
    "ssh_timeout": Origins.gone,
}

ACTS: dict[str, Act] = {
    "su": Origins.su,
    "power": Origins.power,
    **_ACCOUNTS,
    **_SUDOS,
    **_CRONTABS,
    **_SESSIONS,
    **_LOGINS_ENDS,
}
"""event.action → what it means here."""

_BY_SERVICE: dict[str, dict[str, Act]] = {
    "sshd": {**_LOGINS_ENDS, **_ACCOUNTS, "session_closed": Origins.closed},
    "sudo": {**_SUDOS, **_SESSIONS, **_ACCOUNTS},
    "su": {"su": Origins.su, **_SESSIONS, **_ACCOUNTS},
    "pam": {**_SESSIONS, **_ACCOUNTS},
    "cron": _CRONTABS,
    "logind": {"power": Origins.power},
    "systemd": {},
}


def acts_of(service: str) -> dict[str, Act]:
    """Those of `ACTS` that lines of a Linux service can mean; any other service's are those of accounts."""
    return _BY_SERVICE.get(service, _ACCOUNTS)
