"""Who and what occurs in the story: hosts, people, addresses, names that get tried. Tables only."""

from __future__ import annotations

from typing import NamedTuple


class Host(NamedTuple):
    """A machine that logs. `modern` is Debian 13 (OpenSSH 10, PAM 1.7, systemd 257), else Debian 12."""

    name: str
    address: str
    modern: bool


class Person(NamedTuple):
    """An account that exists. `key` is (type, fingerprint) of its SSH key, () where it has none."""

    name: str
    uid: int
    address: str = ""
    key: tuple[str, ...] = ()


WEB = Host("web01", "10.20.0.21", modern=False)
DB = Host("db01", "10.20.0.31", modern=True)

ALICE = Person("alice", 1001, "10.20.1.10", ("ED25519", "SHA256:pV0cTq0mJq4bD7m6l2kVw3yN8xZr5uH1sQeGf9aKtRc"))
BOB = Person("bob", 1002, "10.20.1.24")
CAROL = Person("carol", 1003, "fd20:10::7", ("ED25519", "SHA256:zE4nYt7Qk0Hc2LwXb9VfM1sJ8oRd6gPuA5iTqCxNeKs"))
DANA = Person("dana", 1004, "10.20.1.12", ("ED25519", "SHA256:mB6uXo1WfR9sKd3ZpQ7vTg0yL5hCj2NaE8iHrVwUqMk"))
DEPLOY = Person("deploy", 1010, "10.20.0.40", ("RSA", "SHA256:Qw8rTz5YkP2nVb7JdX0mCs4HuL9aGf3eRi1oKxEqNyA"))
BORG = Person("borg", 1011, "10.20.0.21", ("ED25519", "SHA256:hN3kLq9VtY5cWx1BzR7oGm0PfJ4dUa8sEi2TuKyQrZw"))
POSTGRES = Person("postgres", 110)
WWW = Person("www-data", 33, "", ("ED25519", "SHA256:tJ7yRf2MxK4pQe9LsV1aZc6HwB0nDg5uXo8iNkTqYhE"))
ROOT = Person("root", 0)
INTRUDER = Person("svc-update", 1012)

REAL = (ALICE, BOB, CAROL, DANA, DEPLOY, BORG, POSTGRES, WWW, ROOT)
VALID = frozenset(person.name for person in REAL)

ATTACKER = "203.0.113.66"
SCANNER = "198.51.100.23"
SPRAYER = "198.51.100.77"
ENUMERATOR = "198.51.100.140"
BOTNET = tuple(f"198.51.100.{n}" for n in range(201, 213))
BACKGROUND = tuple(f"203.0.113.{n}" for n in range(100, 160)) + tuple(
    f"2001:db8:bad:{n:x}::1" for n in range(16, 26)
)

# What each noise address tries once. Kept to names nobody has, and root from few enough addresses that
# it stays what it is on every machine on the internet: noise.
NAMES_TRIED = (
    "admin", "test", "ubuntu", "oracle", "git", "user", "pi", "ftpuser", "hadoop", "minecraft", "jenkins",
    "guest", "support", "nagios", "tomcat", "steam", "teamspeak", "ansible", "zabbix", "elastic", "debian",
    "", "a b", "node", "sol", "validator", "dspace", "es", "kafka", "www",
)  # fmt: skip
NAMES_GUESSED = (
    "aaron", "abigail", "adrian", "agnes", "albert", "amelie", "anders", "anita", "arthur", "astrid",
    "aurel", "axel",
)  # fmt: skip
OFFERS = (
    "diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1",
    "diffie-hellman-group1-sha1,ext-info-c,kex-strict-c-v00@openssh.com",
)
