"""What detection owes the story: which alerts it must raise on whom, and which it must not.

Alerts are named by the `name` of their rule. Nothing else may alert on the story in UTC.
"""

from __future__ import annotations

from socterm.demo import cast
from socterm.demo.model import Expected, Quiet
from socterm.demo.owed import kill_chain

PARTS: dict[str, str] = {
    "benign_mistype": "bob mistypes his password twice, then logs in",
    "benign_sudo_mistype": "dana mistypes her password once at sudo",
    "benign_many_keys": "carol's agent offers several keys before the right one",
    "benign_backup": "the nightly backup, run late by cron: rsync to the other host, a key login",
    "scanner": "eight connections that do not speak SSH properly",
    "spraying": "one password tried on nine users, one every half minute",
    "enumeration": "twelve guessed names, each tried once",
    "brute_force": "48 wrong passwords for seven users from one address in under two minutes",
    "break_in": "the same address logs in as alice with a password",
    "privilege": "wrong passwords at sudo and su, then a root shell",
    "collection": "customer data packed and sent to the attacker",
    "persistence": "a new account, made a member of group sudo",
    "service_account": "a login as www-data with a planted key",
    "lateral": "on to db01: sudo refused, then root's own password",
    "distributed": "one user tried from twelve addresses, once each",
}

_ON_WEB01 = ("brute_force", "break_in", "privilege", "collection", "persistence")

ALERTS: tuple[Expected, ...] = (
    Expected("ssh_scanner", {"source.ip": cast.SCANNER}, ("scanner",)),
    Expected("password_spraying", {"source.ip": cast.SPRAYER}, ("spraying",), 9),
    Expected(
        "brute_force", {"source.ip": cast.ENUMERATOR}, ("enumeration",), 12, superseded_by="password_spraying"
    ),
    Expected("password_spraying", {"source.ip": cast.ENUMERATOR}, ("enumeration",), 12),
    Expected(
        "brute_force",
        {"source.ip": cast.ATTACKER},
        ("brute_force",),
        48,
        superseded_by="success_after_brute_force",
    ),
    Expected("brute_force_user", {"user.name": "alice"}, ("spraying", "brute_force"), 19),
    Expected("brute_force_user", {"user.name": "root"}, ("internet", "brute_force")),
    Expected("brute_force_user", {"user.name": "admin"}, ("internet", "brute_force")),
    Expected(
        "slow_brute_force",
        {"source.ip": cast.ATTACKER},
        ("brute_force",),
        48,
        superseded_by="success_after_brute_force",
    ),
    Expected(
        "password_spraying",
        {"source.ip": cast.ATTACKER},
        ("brute_force",),
        48,
        superseded_by="success_after_brute_force",
    ),
    Expected(
        "success_after_brute_force",
        {"source.ip": cast.ATTACKER},
        ("brute_force", "break_in", "service_account", "lateral"),
        51,
    ),
    Expected(
        "root_after_external_login",
        {"user.name": "alice", "host.hostname": "web01"},
        ("break_in", "privilege", "collection"),
        superseded_by="root_then_data",
    ),
    Expected("sudo_wrong_passwords", {"user.name": "alice"}, ("privilege",)),
    Expected("su_root_guessing", {"user.name": "alice"}, ("privilege",)),
    Expected("root_then_data", {"user.name": "alice", "host.hostname": "web01"}, ("privilege", "collection")),
    Expected(
        "user_created",
        {"user.name": cast.INTRUDER.name},
        ("persistence",),
        superseded_by="admin_rights_granted",
    ),
    Expected("admin_rights_granted", {"user.name": cast.INTRUDER.name}, ("persistence",)),
    Expected("service_account_login", {"user.name": "www-data"}, ("service_account",)),
    Expected("sudo_refused", {"user.name": "alice"}, ("lateral",)),
    Expected("root_password_login", {"source.ip": cast.ATTACKER}, ("lateral",)),
    Expected("distributed_brute_force", {"user.name": cast.CAROL.name}, ("spraying", "distributed"), 13),
    Expected(
        "account_after_attack",
        {"host.hostname": "web01"},
        ("brute_force", "break_in", "service_account", "persistence"),
    ),
    Expected("data_sent_out", {"host.hostname": "web01"}, ("collection",), superseded_by="root_then_data"),
    *(
        Expected(rule, {"host.hostname": "web01"}, _ON_WEB01, superseded_by="account_after_attack")
        for rule in ("several_tactics", "several_detections", "entity_risk")
    ),
    *kill_chain({"user.name": "alice"}, ("privilege", "collection", "lateral")),
)

QUIET: tuple[Quiet, ...] = (
    Quiet("brute_force", {"source.ip": cast.BOB.address}, "two mistyped passwords are no brute force"),
    Quiet(
        "success_after_brute_force",
        {"source.ip": cast.BOB.address},
        "a success after two mistyped passwords is a person",
    ),
    Quiet(
        "success_after_brute_force",
        {"source.ip": cast.CAROL.address},
        "keys offered before the right one are no failures",
    ),
    Quiet("brute_force", {"source.ip": cast.SPRAYER}, "never more than four failures in two minutes"),
    Quiet("brute_force", {"source.ip": cast.SCANNER}, "no user name was ever tried"),
    Quiet("slow_brute_force", {"source.ip": cast.ENUMERATOR}, "twelve failures, not twenty"),
    Quiet(
        "password_spraying",
        {"source.ip": cast.BOTNET[0]},
        "one try each: the users are not many, the addresses are",
    ),
    Quiet("brute_force", {"source.ip": cast.BOTNET[-1]}, "one try each"),
    Quiet(
        "distributed_brute_force",
        {"user.name": "root"},
        "tried by everybody, but by fewer than ten addresses in half an hour",
    ),
    Quiet(
        "service_account_login", {"user.name": cast.BORG.name}, "the backup's own account is meant to log in"
    ),
    Quiet("service_account_login", {"user.name": cast.DEPLOY.name}, "a robot with a person's uid"),
    Quiet("root_password_login", {"source.ip": cast.DANA.address}, "sudo to root is not a root login"),
    Quiet("sudo_wrong_passwords", {"user.name": cast.DANA.name}, "one wrong password is a slip"),
    Quiet(
        "root_then_data",
        {"user.name": cast.DANA.name, "host.hostname": "web01"},
        "root commands, but nothing packed or sent",
    ),
    Quiet(
        "root_then_data",
        {"user.name": "root", "host.hostname": "web01"},
        "cron's rsync needed no sudo before it",
    ),
    Quiet("login_outside_hours", {"user.name": cast.DANA.name}, "nine in the morning, in UTC"),
)
