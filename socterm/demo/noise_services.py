"""What mail servers, databases and an application write all day."""

from __future__ import annotations

from socterm.demo.model import Noise
from socterm.demo.noise_windows import PEOPLE
from socterm.demo.pen_services import AppPen, MailPen, MysqlPen, PostgresPen
from socterm.demo.sheet import Sheet

_PARTNERS = (
    "mail.partner-example.com",
    "mx1.shop-example.net",
    "out.news-example.org",
    "mta7.bank-example.com",
)


def mail(sheet: Sheet, length: float, factor: float) -> None:
    """Letters come and go; phones and mail programs look into their mailboxes."""
    pen, rng = MailPen(sheet), sheet.rng
    for _ in range(round(length / 55 * factor)):
        partner = int(rng.random() * len(_PARTNERS))
        pen.letter(
            rng.random() * (length - 5),
            _PARTNERS[partner],
            f"198.51.100.{24 + partner}",
            _somebody(rng.random()),
        )
    for _ in range(round(length / 26 * factor)):
        number = int(rng.random() * len(PEOPLE))
        pen.mailbox(rng.random() * (length - 9), PEOPLE[number], f"10.20.1.{10 + number}")


def _somebody(draw: float) -> str:
    return f"{PEOPLE[int(draw * len(PEOPLE))]}@corp.example"


def database(sheet: Sheet, length: float, factor: float) -> None:
    """Pools of an application that renew their connections, reports, checkpoints."""
    postgres, mysql, rng = PostgresPen(sheet), MysqlPen(sheet), sheet.rng
    for number in range(round(length / 12 * factor)):
        at, source = rng.random() * (length - 3), f"10.20.0.{21 + number % 3}"
        if number % 5 == 4:
            mysql.lost(at, "wiki", "wiki", source)
        else:
            postgres.login(at, ("shop_app", "reports")[number % 7 == 6], source)
    for number in range(int(length / 300)):
        postgres.checkpoint(40.0 + 300 * number)


def application(sheet: Sheet, length: float, factor: float) -> None:
    """People who log in, look at things, and now and then mistype a password once."""
    pen, rng = AppPen(sheet), sheet.rng
    for number in range(round(length / 30 * factor)):
        at, who = rng.random() * (length - 4), int(rng.random() * len(PEOPLE))
        address = f"192.0.2.{40 + who}"
        if number % 6:
            pen.page(at, PEOPLE[who], address)
        else:
            pen.login(at, PEOPLE[who], address, place="Vienna")


MAIL = Noise("mail", "letters that come and go, people's mailboxes", mail)
DATABASE = Noise("database", "connections of applications, reports, checkpoints", database)
APPLICATION = Noise("application", "people who log in and look at things", application)
