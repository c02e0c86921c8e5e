"""Passwords tried on mail, databases and an application, with and without success; and people who mistype."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_services import APPLICATION, DATABASE, MAIL
from socterm.demo.pen_services import APP, MYSQL, POSTGRES, AppPen, MailPen, MysqlPen, PostgresPen
from socterm.demo.pen_services import MAIL as MAIL_LOG
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_services import (
    ANALYST,
    APP_BENIGN,
    APP_CLUMSY,
    APP_GUESSER,
    APP_INTRUDER,
    APP_LOGINS,
    APP_SERVER,
    DATABASE_BENIGN,
    DATABASE_LOGINS,
    DB_ENUMERATOR,
    DB_GUESSER,
    DB_INTRUDER,
    FAR,
    MAIL_BENIGN,
    MAIL_BOTNET,
    MAIL_GUESSER,
    MAIL_INTRUDER,
    MAIL_LOGINS,
    MAIL_SLOW,
    MAIL_SPRAYER,
    NEAR,
    PHONE,
    RISKY,
)

_MAILBOXES = (
    "accounts",
    "billing",
    "careers",
    "events",
    "hello",
    "legal",
    "press",
    "sales",
    "service",
    "webmaster",
)
_DB_NAMES = ("postgres", "pgadmin", "dbadmin", "backup", "replicator", "grafana", "odoo", "metabase", "test")


def _mail_guessing(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for turn in range(5):
        at, pid = 200 + 18.0 * turn, sheet.token("p")
        at = pen.connection(at, MAIL_GUESSER, pid)
        for _ in range(3):
            at = pen.submission_refused(at + 4.5, "info", MAIL_GUESSER, pid)
        pen.connection(at + 0.3, MAIL_GUESSER, pid, refused=3)


def _mail_spraying(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number, name in enumerate(_MAILBOXES):
        pen.imap_refused(400 + 40.0 * number, name, MAIL_SPRAYER)


def _mail_slow(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number in range(24):
        pen.imap_refused(90 + 180.0 * number, "orders", MAIL_SLOW)


def _mail_break_in(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number in range(6):
        pen.imap_refused(1500 + 9.0 * number, "vera", MAIL_INTRUDER, tries=2)
    pen.mailbox(1566, "vera", MAIL_INTRUDER)


def _mail_distributed(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number, address in enumerate(MAIL_BOTNET):
        pen.imap_refused(2000 + 121.0 * number, "office", address)


def _phone(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number in range(8):
        pen.imap_refused(60 + 300.0 * number, "rafi", PHONE)
    for number in range(3):
        pen.mailbox(2330 + 300.0 * number, "rafi", PHONE)


def _mail_mistyped(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number in range(3):
        pen.imap_refused(500 + 14.0 * number, "sanna", "10.20.1.17")
    pen.mailbox(560, "sanna", "10.20.1.17")


def _relay(sheet: Sheet) -> None:
    pen = MailPen(sheet)
    for number in range(9):
        pen.relay_refused(
            110 + 311.0 * number, f"203.0.113.{141 + number}", f"probe{number}@mail-example.net"
        )


def _mysql_guessing(sheet: Sheet) -> None:
    pen = MysqlPen(sheet)
    for number in range(18):
        pen.refused(180 + 3.1 * number, "root", DB_GUESSER)


def _postgres_names(sheet: Sheet) -> None:
    pen = PostgresPen(sheet)
    for number, name in enumerate(_DB_NAMES):
        pen.refused(320 + 30.0 * number, name, DB_ENUMERATOR)


def _postgres_break_in(sheet: Sheet) -> None:
    pen = PostgresPen(sheet)
    for number in range(9):
        pen.refused(700 + 6.2 * number, "shop", DB_INTRUDER)
    pen.login(763, "shop", DB_INTRUDER)


def _rotated(sheet: Sheet) -> None:
    pen = PostgresPen(sheet)
    for number in range(9):
        pen.refused(150 + 45.0 * number, "nightly", APP_SERVER)
    for at in (566.0, 611.0, 656.0):
        pen.login(at, "nightly", APP_SERVER)


def _analyst(sheet: Sheet) -> None:
    pen = PostgresPen(sheet)
    for at in (300.0, 307.0):
        pen.refused(at, "bob", ANALYST)
    pen.login(316, "bob", ANALYST)


_ADMINISTRATION = (
    "CREATE ROLE weekly LOGIN NOSUPERUSER NOCREATEDB",
    "GRANT pg_read_all_data TO weekly",
    "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
    "CREATE FUNCTION half(i int) RETURNS int LANGUAGE sql AS 'select i / 2'",
    "COPY orders FROM PROGRAM 'zcat /srv/import/orders.csv.gz' WITH (FORMAT csv)",
    "COPY prices FROM '/srv/import/prices.csv' WITH (FORMAT csv)",
    "COPY (SELECT * FROM orders) TO '/srv/export/orders.csv' WITH (FORMAT csv)",
    "SELECT lo_export(document, '/srv/export/terms.pdf') FROM documents WHERE id = 12",
    "INSERT INTO notes (text) VALUES ('alter role x superuser; copy y from program is not for us')",
)


def _administrator(sheet: Sheet) -> None:
    pen = PostgresPen(sheet)
    for number, text in enumerate(_ADMINISTRATION):
        pen.statement(400 + 21.0 * number, "dba", ANALYST, text)


def _app_guessing(sheet: Sheet) -> None:
    pen = AppPen(sheet)
    for number in range(18):
        pen.login(150 + 3.2 * number, "mara", APP_GUESSER, refused=True)


def _app_break_in(sheet: Sheet) -> None:
    pen = AppPen(sheet)
    for number in range(10):
        pen.login(400 + 5.0 * number, "otto", APP_INTRUDER, refused=True)
    pen.login(455, "otto", APP_INTRUDER, place="Vienna")


def _app_risky(sheet: Sheet) -> None:
    AppPen(sheet).login(700, "paula", RISKY, place="Pyongyang")


def _app_travel(sheet: Sheet) -> None:
    pen = AppPen(sheet)
    pen.login(120, "quirin", NEAR, place="Vienna")
    pen.login(2520, "quirin", FAR, place="Singapore")


def _app_mistyped(sheet: Sheet) -> None:
    pen = AppPen(sheet)
    for number in range(4):
        pen.login(200 + 70.0 * number, "lena", APP_CLUMSY, refused=True)
    pen.reset(470, "lena", APP_CLUMSY)
    pen.login(490, "lena", APP_CLUMSY, place="Vienna")


def _app_train(sheet: Sheet) -> None:
    pen = AppPen(sheet)
    pen.login(60, "rosa", NEAR, place="Vienna")
    pen.login(60 + 10800, "rosa", "192.0.2.96", place="Munich")


def _app_abroad(sheet: Sheet) -> None:
    AppPen(sheet).login(640, "sepp", "192.0.2.95", place="Munich")


STORIES = (
    Story(
        name="mail_logins",
        says="a mail server's passwords tried: one mailbox, all, slowly, from twelve addresses, with success",
        logs=(MAIL_LOG,),
        length=4320.0,
        chapters=MAIL_LOGINS.chapters(
            _mail_guessing, _mail_spraying, _mail_slow, _mail_break_in, _mail_distributed
        ),
        noise=(MAIL,),
        alerts=MAIL_LOGINS.alerts,
        quiet=MAIL_LOGINS.quiet,
    ),
    Story(
        name="mail_day",
        says="a phone with an old password, a new mail program, strangers who want mail passed on",
        logs=(MAIL_LOG,),
        length=3000.0,
        chapters=MAIL_BENIGN.chapters(_phone, _mail_mistyped, _relay),
        noise=(MAIL,),
        quiet=MAIL_BENIGN.quiet,
        twin_of="mail_logins",
    ),
    Story(
        name="database_logins",
        says="MySQL's root guessed, PostgreSQL's names tried, one password found",
        logs=(POSTGRES, MYSQL),
        length=900.0,
        chapters=DATABASE_LOGINS.chapters(_mysql_guessing, _postgres_names, _postgres_break_in),
        noise=(DATABASE,),
        alerts=DATABASE_LOGINS.alerts,
        quiet=DATABASE_LOGINS.quiet,
    ),
    Story(
        name="database_day",
        says="a job with yesterday's password, an analyst who mistypes, an administrator at work",
        logs=(POSTGRES, MYSQL),
        length=900.0,
        chapters=DATABASE_BENIGN.chapters(_rotated, _analyst, _administrator),
        noise=(DATABASE,),
        quiet=DATABASE_BENIGN.quiet,
        twin_of="database_logins",
    ),
    Story(
        name="app_logins",
        says="an application's JSON: passwords guessed, one found, a login from afar, one user in two places",
        logs=(APP,),
        length=2700.0,
        chapters=APP_LOGINS.chapters(_app_guessing, _app_break_in, _app_risky, _app_travel),
        noise=(APPLICATION,),
        alerts=APP_LOGINS.alerts,
        quiet=APP_LOGINS.quiet,
    ),
    Story(
        name="app_day",
        says="a forgotten password, a journey by train, a login from next door",
        logs=(APP,),
        length=11000.0,
        chapters=APP_BENIGN.chapters(_app_mistyped, _app_train, _app_abroad),
        noise=(APPLICATION,),
        quiet=APP_BENIGN.quiet,
        twin_of="app_logins",
    ),
)
