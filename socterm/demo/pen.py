"""What each program prints, to the byte: one method for one thing that happens on a machine.

Taken from what OpenSSH 9.2, PAM 1.5, sudo 1.9.13, shadow 4.13, cron and util-linux su of Debian 12 wrote on a
test machine; the `modern` forms are those of Debian 13.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from socterm.demo.cast import VALID, Host, Person
from socterm.demo.model import Log
from socterm.demo.sheet import Sheet

AUTH = Log("auth.log")
"""What goes to /var/log/auth.log and, where the distribution sends all to one file, to syslog."""

_FIRST = {"p": {False: 20400, True: 3100}, "s": {False: 41, True: 17}}


class Connection(NamedTuple):
    """A TCP connection to sshd and the process that serves it."""

    host: Host
    address: str
    port: int
    pid: str


class Login(NamedTuple):
    """What is needed to close a session that was opened."""

    connection: Connection
    child: str
    person: Person
    session: str


class Pen:
    """Writes what happens on a Linux machine into its syslog.

    Times passed in are seconds; a method returns the time after its last line.
    """

    def __init__(self, sheet: Sheet, log: Log = AUTH) -> None:
        self._sheet = sheet
        self._log = log
        self._rng = sheet.rng

    def say(self, at: float, host: Host, tag: str, message: str) -> float:
        """Put one line down; later lines of the same call chain stand a little after it."""
        for kind, first in _FIRST.items():
            self._sheet.begin(host.name, kind, first[host.modern])
        return self._sheet.put(at, self._log, f"{tag}: {message}", host=host.name)

    def pid(self) -> str:
        """A process number, known once all is in order."""
        return self._sheet.token("p")

    def connect(self, host: Host, address: str) -> Connection:
        """A new connection, from a port out of the range Linux gives."""
        return Connection(host, address, 32768 + int(self._rng.random() * 28232), self.pid())

    # sshd

    def sshd(self, at: float, peer: Connection, message: str, *, pid: str = "") -> float:
        """A line of the process that serves one connection: `sshd-session` since OpenSSH 9.8."""
        name = "sshd-session" if peer.host.modern else "sshd"
        return self.say(at, peer.host, f"{name}[{pid or peer.pid}]", message)

    def failed_login(
        self,
        at: float,
        peer: Connection,
        user: str,
        *,
        tries: int = 1,
        gap: float = 2.1,
        end: str = "closed",
    ) -> float:
        """A connection that gives `tries` wrong passwords, `gap` seconds each.

        `end` says how it goes: closed, bye, max (sshd's limit), or "" where the peer stays.
        """
        known, origin = user in VALID, f"from {peer.address} port {peer.port}"
        name = user if known else f"invalid user {user}"
        pam = f"logname= uid=0 euid=0 tty=ssh ruser= rhost={peer.address} " + (
            f" user={user}" if known else ""
        )
        if not known:
            at = self.sshd(at, peer, f"Invalid user {user} {origin}")
        for attempt in range(tries):
            if not known:
                at = self.sshd(at, peer, "pam_unix(sshd:auth): check pass; user unknown")
            if attempt == 0:
                at = self.sshd(at, peer, f"pam_unix(sshd:auth): authentication failure; {pam}")
            at = self.sshd(
                at + gap * (0.8 + 0.2 * self._rng.random()), peer, f"Failed password for {name} {origin} ssh2"
            )
        if end:
            at = self._leave(at, peer, user, end)
            if tries > 1:
                more = f"{tries - 1} more authentication failure{'s' if tries > 2 else ''}"
                at = self.sshd(at, peer, f"PAM {more}; {pam}")
            if end == "max":
                at = self.sshd(at, peer, f"PAM service(sshd) ignoring max retries; {tries} > 3")
        return at

    def _leave(self, at: float, peer: Connection, user: str, end: str) -> float:
        origin = f"{peer.address} port {peer.port}"
        who = f"{'authenticating' if user in VALID else 'invalid'} user {user} {origin}"
        if end == "closed":
            return self.sshd(at + 0.2, peer, f"Connection closed by {who} [preauth]")
        if end == "bye":
            at = self.sshd(at + 0.1, peer, f"Received disconnect from {origin}:11: Bye Bye [preauth]")
            return self.sshd(at, peer, f"Disconnected from {who} [preauth]")
        name = user if user in VALID else f"invalid user {user}"
        error = f"error: maximum authentication attempts exceeded for {name} from {origin} ssh2 [preauth]"
        at = self.sshd(at, peer, error)
        return self.sshd(at, peer, f"Disconnecting {who}: Too many authentication failures [preauth]")

    def bad_peer(self, at: float, peer: Connection, kind: int, offer: str) -> float:
        """A connection that never gets as far as a user name: six ways scanners have of it."""
        origin = f"{peer.address} port {peer.port}"
        error, broken = "error: kex_exchange_identification: ", f"banner exchange: Connection from {origin}: "
        offered = f"no matching key exchange method found. Their offer: {offer} [preauth]"
        forms: tuple[tuple[str, ...], ...] = (
            (error + 'client sent invalid protocol identifier "GET / HTTP/1.1"', broken + "invalid format"),
            (error + "banner line contains invalid characters", broken + "invalid format"),
            (error + "Connection closed by remote host", f"Connection closed by {origin}"),
            ("error: Protocol major versions differ: 2 vs. 1", broken + "could not read protocol version"),
            (f"Unable to negotiate with {origin}: {offered}",),
            (f"Connection closed by {origin} [preauth]",),
        )
        for message in forms[kind % len(forms)]:
            at = self.sshd(at, peer, message)
        return at

    def refused_key(self, at: float, peer: Connection, user: str) -> float:
        """A key that is not taken and nothing else to offer: sshd names the user only as it goes."""
        return self._leave(at, peer, user, "closed")

    def login(self, at: float, peer: Connection, person: Person, *, method: str = "publickey") -> Login:
        """A login that succeeds, with the session lines after it."""
        host, key = peer.host, f": {person.key[0]} {person.key[1]}" if method == "publickey" else ""
        origin = f"from {peer.address} port {peer.port} ssh2"
        at = self.sshd(at, peer, f"Accepted {method} for {person.name} {origin}{key}")
        opened = _opened(host, person)
        at = self.sshd(at, peer, f"pam_unix(sshd:session): {opened}")
        session = self._sheet.token("s")
        if host.modern:
            named = f"'{session}' of user '{person.name}' with class 'user' and type 'tty'"
            at = self.say(at, host, _LOGIND[True], f"New session {named}.")
            at = self.say(at, host, "(systemd)", f"pam_unix(systemd-user:session): {opened}")
        else:
            at = self.say(at, host, _LOGIND[False], f"New session {session} of user {person.name}.")
            at = self.say(at, host, f"systemd[{self.pid()}]", f"pam_unix(systemd-user:session): {opened}")
            self.sshd(at, peer, "pam_env(sshd:session): deprecated reading of user environment enabled")
        return Login(peer, peer.pid if person.uid == 0 else self.pid(), person, session)

    def logout(self, at: float, login: Login) -> float:
        """The lines at a session's end. The disconnect is logged by the child that ran as the user."""
        peer, person = login.connection, login.person
        origin, host = f"{peer.address} port {peer.port}", login.connection.host
        at = self.sshd(
            at, peer, f"Received disconnect from {origin}:11: disconnected by user", pid=login.child
        )
        at = self.sshd(at, peer, f"Disconnected from user {person.name} {origin}", pid=login.child)
        at = self.sshd(at, peer, f"pam_unix(sshd:session): session closed for user {person.name}")
        logind = _LOGIND[host.modern]
        at = self.say(at, host, logind, f"Session {login.session} logged out. Waiting for processes to exit.")
        return self.say(at, host, logind, f"Removed session {login.session}.")

    # sudo, su

    def sudo(
        self, at: float, host: Host, person: Person, command: str, *, tty: str = "pts/0", lasts: float = 1.0
    ) -> float:
        """A command run as root through sudo; without a terminal where `tty` is ""."""
        terminal = f"TTY={tty} ; " if tty else ""
        text = f"{terminal}PWD=/home/{person.name} ; USER=root ; COMMAND={command}"
        at = self.say(at, host, "sudo", f"{person.name:>8} : {text}")
        by = f"{person.name}(uid={person.uid})"
        at = self.say(
            at, host, "sudo", f"pam_unix(sudo:session): session opened for user root(uid=0) by {by}"
        )
        return self.say(at + lasts, host, "sudo", "pam_unix(sudo:session): session closed for user root")

    def sudo_refused(
        self, at: float, host: Host, person: Person, why: str, command: str, *, tty: str = "pts/0"
    ) -> float:
        """sudo says no: wrong passwords (then PAM says so first), not in sudoers, command not allowed."""
        if "incorrect" in why:
            at = self.say(
                at,
                host,
                "sudo",
                f"pam_unix(sudo:auth): authentication failure; {_asker(person, tty, person.name)}",
            )
            at += 2.3 * int(why.split(maxsplit=1)[0])
        text = f"{why} ; TTY={tty} ; PWD=/home/{person.name} ; USER=root ; COMMAND={command}"
        return self.say(at, host, "sudo", f"{person.name:>8} : {text}")

    def su_failed(self, at: float, host: Host, person: Person, target: str, *, tty: str = "pts/0") -> float:
        """A wrong password given to su. PAM speaks before su has opened its own log: no pid there."""
        at = self.say(
            at, host, "su", f"pam_unix(su:auth): authentication failure; {_asker(person, tty, target)}"
        )
        return self.say(
            at + 2.0, host, f"su[{self.pid()}]", f"FAILED SU (to {target}) {person.name} on {tty}"
        )

    def su(
        self, at: float, host: Host, person: Person, target: Person, *, tty: str = "pts/0", lasts: float = 4.0
    ) -> float:
        """A change of user that works."""
        tag = f"su[{self.pid()}]"
        at = self.say(at, host, tag, f"(to {target.name}) {person.name} on {tty}")
        opened = f"session opened for user {target.name}(uid={target.uid}) by {person.name}(uid={person.uid})"
        at = self.say(at, host, tag, f"pam_unix(su:session): {opened}")
        return self.say(at + lasts, host, tag, f"pam_unix(su:session): session closed for user {target.name}")

    # accounts, cron, units

    def new_account(self, at: float, host: Host, person: Person, *, tty: str) -> float:
        """useradd -m, as root on a terminal."""
        tag, name, uid = f"useradd[{self.pid()}]", person.name, person.uid
        at = self.say(at, host, tag, f"new group: name={name}, GID={uid}")
        where = f"home=/home/{name}, shell=/bin/bash, from=/dev/{tty}"
        return self.say(at, host, tag, f"new user: name={name}, UID={uid}, GID={uid}, {where}")

    def new_system_account(self, at: float, host: Host, name: str, number: int, home: str) -> float:
        """adduser --system, as maintainer scripts of packages call it."""
        at = self.say(
            at, host, f"groupadd[{self.pid()}]", f"group added to /etc/group: name={name}, GID={number}"
        )
        where = f"home={home}, shell=/usr/sbin/nologin, from=none"
        return self.say(
            at, host, f"useradd[{self.pid()}]", f"new user: name={name}, UID={number}, GID={number}, {where}"
        )

    def set_password(self, at: float, host: Host, name: str) -> float:
        """chpasswd."""
        return self.say(
            at,
            host,
            f"chpasswd[{self.pid()}]",
            f"pam_unix(chpasswd:chauthtok): password changed for {name}",
        )

    def add_to_group(self, at: float, host: Host, name: str, group: str) -> float:
        """usermod -aG."""
        tag = f"usermod[{self.pid()}]"
        at = self.say(at, host, tag, f"add '{name}' to group '{group}'")
        return self.say(at, host, tag, f"add '{name}' to shadow group '{group}'")

    def cron(self, at: float, host: Host, person: Person, command: str, *, lasts: float = 0.4) -> float:
        """A cron job: PAM's session by the parent, the command by its child."""
        pid = self.pid()
        at = self.say(at, host, f"CRON[{pid}]", f"pam_unix(cron:session): {_opened(host, person)}")
        at = self.say(at, host, f"CRON[{self.pid()}]", f"({person.name}) CMD ({command})")
        return self.say(
            at + lasts, host, f"CRON[{pid}]", f"pam_unix(cron:session): session closed for user {person.name}"
        )

    def crontab(
        self, at: float, host: Host, person: Person, verbs: str = "BEGIN EDIT,REPLACE,END EDIT"
    ) -> float:
        """crontab -e (each verb a few seconds after the other) or `crontab FILE` (REPLACE alone)."""
        tag = f"crontab[{self.pid()}]"
        for verb in verbs.split(","):
            at = self.say(at, host, tag, f"({person.name}) {verb} ({person.name})") + 4.0
        return at

    def cron_daemon(self, at: float, host: Host, message: str) -> float:
        """What cron says of itself: that it noticed a changed table."""
        return self.say(at, host, "cron[598]", message)

    def service(self, at: float, host: Host, verb: str, name: str, description: str) -> float:
        """A daemon's unit is started, stopped or restarted."""
        at = at + 0.1
        if verb in {"stop", "restart"}:
            at = self.say(at, host, "systemd[1]", f"Stopping {name} - {description}...") + 0.2
            at = self.say(at, host, "systemd[1]", f"{name}: Deactivated successfully.")
            at = self.say(at, host, "systemd[1]", f"Stopped {name} - {description}.")
        if verb in {"start", "restart"}:
            at = self.say(at, host, "systemd[1]", f"Starting {name} - {description}...") + 0.2
            at = self.say(at, host, "systemd[1]", f"Started {name} - {description}.")
        return at

    def unit(self, at: float, host: Host, name: str, description: str, *, lasts: float = 1.5) -> float:
        """A oneshot unit run by its timer."""
        at = self.say(at, host, "systemd[1]", f"Starting {name} - {description}...")
        at = self.say(at + lasts, host, "systemd[1]", f"{name}: Deactivated successfully.")
        return self.say(at, host, "systemd[1]", f"Finished {name} - {description}.")


def penned(write: Callable[[Pen], object], log: Log = AUTH) -> Callable[[Sheet], object]:
    """A chapter that is written with a `Pen`."""
    return lambda sheet: write(Pen(sheet, log))


_LOGIND = {False: "systemd-logind[571]", True: "systemd-logind[612]"}


def _opened(host: Host, person: Person) -> str:
    """PAM's words for a session a daemon opened; since 1.5.3 they name the user twice."""
    by = person.name if host.modern else ""
    return f"session opened for user {person.name}(uid={person.uid}) by {by}(uid=0)"


def _asker(person: Person, tty: str, target: str) -> str:
    who = f"logname={person.name} uid={person.uid} euid=0 tty=/dev/{tty} ruser={person.name} rhost="
    return f"{who}  user={target}"
