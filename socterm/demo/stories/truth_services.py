"""What detection owes the stories of passwords tried on mail, databases and an application; written first.

The same rules as for SSH: a login is a login, whoever tells of it.
"""

from __future__ import annotations

from socterm.demo.model import Expected, Quiet
from socterm.demo.owed import Owed

MAIL_GUESSER = "203.0.113.71"
MAIL_SPRAYER = "198.51.100.72"
MAIL_SLOW = "203.0.113.73"
MAIL_INTRUDER = "198.51.100.74"
MAIL_BOTNET = tuple(f"203.0.113.{n}" for n in range(211, 223))
PHONE = "192.0.2.131"

DB_GUESSER = "203.0.113.81"
DB_ENUMERATOR = "198.51.100.82"
DB_INTRUDER = "203.0.113.83"
APP_SERVER = "10.20.0.21"
ANALYST = "10.20.1.24"

APP_GUESSER = "203.0.113.95"
APP_INTRUDER = "198.51.100.96"
RISKY = "203.0.113.97"
NEAR = "192.0.2.97"
FAR = "198.51.100.98"
APP_CLUMSY = "192.0.2.98"


def _ip(address: str) -> dict[str, str]:
    return {"source.ip": address}


def _user(name: str) -> dict[str, str]:
    return {"user.name": name}


MAIL_LOGINS = Owed(
    {
        "guessing": "15 wrong passwords for info at the submission port in a minute and a half",
        "spraying": "one password for ten mailboxes at IMAP, one every 40 seconds",
        "slow": "one wrong password every three minutes, 24 of them",
        "break_in": "12 wrong passwords for vera within a minute, then her mailbox is open",
        "distributed": "twelve addresses try office, once each, within 25 minutes",
    },
    alerts=(
        Expected("brute_force", _ip(MAIL_GUESSER), ("guessing",), 15),
        Expected("brute_force_user", _user("info"), ("guessing",)),
        Expected("password_spraying", _ip(MAIL_SPRAYER), ("spraying",), 10),
        Expected("slow_brute_force", _ip(MAIL_SLOW), ("slow",), 24),
        Expected("success_after_brute_force", _ip(MAIL_INTRUDER), ("break_in",)),
        Expected("brute_force", _ip(MAIL_INTRUDER), ("break_in",), None, "success_after_brute_force"),
        Expected("brute_force_user", _user("vera"), ("break_in",)),
        Expected("distributed_brute_force", _user("office"), ("distributed",), 12),
    ),
    quiet=(
        Quiet("brute_force", _ip(MAIL_SPRAYER), "never more than four in two minutes"),
        Quiet("brute_force", _ip(MAIL_SLOW), "one in three minutes"),
        Quiet("slow_brute_force", _ip(MAIL_GUESSER), "fifteen, not twenty"),
    ),
)

MAIL_BENIGN = Owed(
    {
        "benign_phone": "a phone still has the old password: a failure every five minutes, then the new one",
        "benign_mistyped": "a new mail program asks three times before the password is right",
        "benign_relay": "strangers try to relay mail and are refused, one try each",
    },
    quiet=(
        Quiet("brute_force", _ip(PHONE), "one failure every five minutes"),
        Quiet("success_after_brute_force", _ip(PHONE), "its owner has typed the new password"),
    ),
)

DATABASE_LOGINS = Owed(
    {
        "mysql_guessing": "18 wrong passwords for root at MySQL within a minute",
        "postgres_names": "nine guessed names at PostgreSQL, one every half minute",
        "postgres_break_in": "nine wrong passwords for shop at PostgreSQL in a minute, then it is in",
    },
    alerts=(
        Expected("brute_force", _ip(DB_GUESSER), ("mysql_guessing",), 18),
        Expected("brute_force_user", _user("root"), ("mysql_guessing",)),
        Expected("password_spraying", _ip(DB_ENUMERATOR), ("postgres_names",), 9),
        Expected("success_after_brute_force", _ip(DB_INTRUDER), ("postgres_break_in",)),
        Expected("brute_force", _ip(DB_INTRUDER), ("postgres_break_in",), None, "success_after_brute_force"),
        Expected("brute_force_user", _user("shop"), ("postgres_break_in",)),
    ),
    quiet=(Quiet("brute_force", _ip(DB_ENUMERATOR), "never more than five in two minutes"),),
)

DATABASE_BENIGN = Owed(
    {
        "benign_rotated": "after a password change one job of the application server fails every 45 seconds, "
        "nine times, then it has the new one",
        "benign_analyst": "an analyst mistypes a password twice",
        "benign_administrator": "somebody sets up a user for reports, loads packed files and writes data out",
    },
    quiet=(
        Quiet("brute_force", _ip(APP_SERVER), "three failures in two minutes"),
        Quiet("success_after_brute_force", _ip(APP_SERVER), "our own server got its new password"),
        Quiet("success_after_brute_force", _ip(ANALYST), "two mistyped passwords are a person"),
        Quiet("postgresql_program_run", {"user.name": "dba"}, "a packed file is unpacked on its way in"),
        Quiet("postgresql_rights_granted", {"user.name": "dba"}, "a user who may read, and no superuser"),
        Quiet("postgresql_code_brought", {"user.name": "dba"}, "a function in SQL, and data written out"),
    ),
)

APP_LOGINS = Owed(
    {
        "guessing": "18 wrong passwords for one account of the application in a minute",
        "break_in": "ten wrong passwords, then the right one",
        "risky_country": "a login from North Korea; the application itself says where from",
        "travel": "one account from Vienna, and forty minutes later from Singapore",
    },
    alerts=(
        Expected("brute_force", _ip(APP_GUESSER), ("guessing",), 18),
        Expected("brute_force_user", _user("mara"), ("guessing",)),
        Expected("success_after_brute_force", _ip(APP_INTRUDER), ("break_in",)),
        Expected("brute_force", _ip(APP_INTRUDER), ("break_in",), None, "success_after_brute_force"),
        Expected("brute_force_user", _user("otto"), ("break_in",)),
        Expected("risky_country_login", _user("paula"), ("risky_country",)),
        Expected("impossible_travel", _user("quirin"), ("travel",)),
    ),
)

APP_BENIGN = Owed(
    {
        "benign_mistyped": "four wrong passwords, a reset, then a login",
        "benign_train": "somebody logs in in Vienna and three hours later in Munich",
        "benign_abroad": "a login from a country next door",
    },
    quiet=(
        Quiet(
            "success_after_brute_force", _ip(APP_CLUMSY), "four wrong passwords in five minutes are a person"
        ),
        Quiet("impossible_travel", _user("rosa"), "350 km in three hours are a train"),
        Quiet("risky_country_login", _user("sepp"), "Germany is on no list"),
    ),
)
