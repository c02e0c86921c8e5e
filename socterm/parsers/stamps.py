"""Time stamps at the start of a line, as integer µs since the epoch.

Two families: the BSD one of RFC 3164 with its many dialects (mostly without a year and a zone), and ISO 8601
or RFC 3339. Stamps come in runs, so the last day seen is kept:
the next line usually differs in the time of day alone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 253_402_300_799_999_999
"""The last µs of year 9999: later instants cannot be written down."""
EARLIEST = -62_135_596_800_000_000
"""The first µs of year 1: earlier ones neither."""
DAY = 86_400_000_000
MINUTE = {f"{n // 60:02d}:{n % 60:02d}": n * 1_000_000 for n in range(3600)}
"""`MM:SS` → µs into the hour."""
HOUR = {f"{n:02d}:": n * 3_600_000_000 for n in range(24)}
"""`HH:` → µs into the day."""
DOTTED = {f"{text}.": since for text, since in MINUTE.items()}
BLANKED = {f"{text} ": since for text, since in MINUTE.items()}
"""`MM:SS` with what stands behind it where a fraction follows, and where the stamp ends."""

_MONTHS = (
    ("jan", "january", "janv", "janvier", "januar", "jän", "ene", "enero", "gen", "gennaio", "januari"),
    ("feb", "february", "fév", "févr", "février", "februar", "febrero", "febbraio", "fev", "februari"),
    ("mar", "march", "mars", "mär", "märz", "marzo", "mrt", "maart"),
    ("apr", "april", "avr", "avril", "abr", "abril", "aprile"),
    ("may", "mai", "mayo", "mag", "maggio", "mei", "maio"),
    ("jun", "june", "juin", "juni", "junio", "giu", "giugno", "junho"),
    ("jul", "july", "juil", "juillet", "juli", "julio", "lug", "luglio", "julho"),
    ("aug", "august", "août", "aoû", "aou", "ago", "agosto", "augustus"),
    ("sep", "sept", "september", "septembre", "septiembre", "set", "settembre"),
    ("oct", "october", "octobre", "okt", "oktober", "octubre", "ott", "ottobre", "out"),
    ("nov", "november", "novembre", "noviembre", "novembro"),
    ("dec", "december", "déc", "décembre", "dez", "dezember", "dic", "diciembre", "dicembre"),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
"""Month names and abbreviations as syslog daemons write them under foreign locales; lower case."""

_ZONE = r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)"
_BSD = re.compile(
    r"[*.]?(?:[^\W\d_]{2,4}[,.]? +)?(?P<month>[^\W\d_]{3,10})\.? {1,2}(?P<day>\d{1,2})"
    r"(?:,? (?P<year>[12]\d{3}))?"
    r" (?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{0,100}))?"
    rf"(?: (?P<year_after>[12]\d{{3}})(?=[ :]|$))?(?: ?(?P<zone>{_ZONE}))?:?(?= |$)"
)
_ISO = re.compile(  # 2026:11:20-10:00:00 is how Sophos' UTM writes it
    r"(?P<year>\d{4})[-:](?P<month>\d\d)[-:](?P<day>\d\d)[T -]"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    rf"(?:[.,](?P<fraction>\d{{0,100}}))?(?: ?(?P<zone>{_ZONE}))?:?(?= |$)"
)

_NONE = "\0"
"""No line begins with it: NULs are gone before a line is parsed."""
_DISORDER = 300_000_000
"""How far back (µs) lines of one source may step without the clock having been set back."""
_AFTER = re.compile(rf"[12]\d{{3}}(?=[ :]|$)|{_ZONE}:?(?= |$)")
"""A year or a zone behind the time: such a stamp is not the short one its first 15 characters look like."""


def belongs_to_stamp(word: str) -> bool:
    """Whether a word behind a short stamp is read as its year or its zone.

    >>> belongs_to_stamp("2026"), belongs_to_stamp("web1")
    (True, False)
    """
    return _AFTER.match(f"{word} ") is not None


def micros(moment: datetime) -> int:
    """An aware datetime as µs since the epoch, without the rounding of a float."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _fraction(digits: str | None) -> int:
    return int((digits + "000000")[:6]) if digits else 0


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset) if offset < timedelta(days=1) else None


class Clock:
    """Reads the stamp a line begins with. One per source: the stamp before decides what a stamp leaves open.

    `read` answers with the offset behind the stamp, 0 where there is none; the instant is then in `ts`.
    `now` (µs) is the reference for years, `tz` the zone of stamps that name none, `last` the source's stamp
    before (None at first): of the two instants of a repeated autumn hour, the one that goes on from it is
    meant. `exact` says whether the stamp named its own year and zone, `sure` whether it means the same
    whatever came before; `day` is the date text of a day through
    which no clock is changed, so that stamps of it mean the same whatever came before.

    For the decoder's loop the hour of the last stamp in each usual shape stands open: `hour` is its text
    (`2026-11-20T10:`) and `hour_base` its instant, where `zone` (with the blank) follows from column 26 to
    `ends`; `bsd_hour` (`Nov 20 10:`) and `bsd_base` likewise. `kept` holds stamps that mean the same whatever
    came before, `hours` the start of hours by their text (see `moments`).
    """

    def __init__(self, tz: tzinfo) -> None:
        self.tz = tz
        self.now = 0
        self.last: int | None = None
        self.ts = 0
        self.exact = self.sure = False
        self.day = self._iso = _NONE
        self._day_base = self._iso_base = 0
        self.zone, self.ends = " ", 27
        self.hour = self.bsd_hour = _NONE
        self.hour_base = self.bsd_base = 0
        self.kept: dict[str, int] = {}
        self._asked: str | None = None
        self._asked_after: int | None = None
        self._answer = (0, 0, False, False)
        self.hours: dict[str, int] = {}

    def set_now(self, now: int) -> None:
        """Take a new reference for stamps without a year."""
        if now != self.now:
            self.now = now
            self.day = self.bsd_hour = _NONE
            self._asked = None

    def read(self, text: str) -> int:
        """The offset behind the stamp at the start of `text`, or 0; `ts` is then its instant."""
        if text[:7] == self.day and text[15:16] == " ":
            hour, since = HOUR.get(text[7:10]), MINUTE.get(text[10:15])
            if (
                hour is not None
                and since is not None
                and (text[16:17] not in "12+-ZUG" or not _AFTER.match(text, 16))
            ):
                self.bsd_hour, self.bsd_base = text[:10], self._day_base + hour
                self.ts = self.bsd_base + since
                self.exact = False
                return 15
        if text[:11] == self._iso and text[26 : self.ends] == self.zone:
            hour, since = HOUR.get(text[11:14]), MINUTE.get(text[14:19])
            fraction = text[20:26]
            if hour is not None and since is not None and text[19] in ".," and fraction.isdecimal():
                self.hour, self.hour_base = text[:14], self._iso_base + hour
                self.ts = self.hour_base + since + int(fraction)
                self.exact = True
                return self.ends - 1
        return self._slow(text)

    def _slow(self, text: str) -> int:
        """Several readers ask for the stamp of one line: it is read once."""
        if text is self._asked and self.last == self._asked_after:
            self.ts, self.exact, self.sure = self._answer[1:]
            return self._answer[0]
        end = self._read(text)
        self._asked, self._asked_after = text, self.last
        self._answer = (end, self.ts, self.exact, self.sure)
        return end

    def _read(self, text: str) -> int:
        found = _ISO.match(text) if text[:1].isdecimal() else _BSD.match(text)
        if found is None:
            return 0
        parts = found.groupdict()
        ts = self.instant(parts)
        if ts is None:
            return 0
        self.ts = ts
        self._keep(text, found, parts)
        return found.end()

    def instant(self, parts: dict[str, str | None]) -> int | None:
        """The instant (µs) of a stamp taken apart; None where there is none such.

        `parts` are month (a number or a name), day, hour, minute, second, and where the stamp has them year
        (or year_after, or short: its last two digits), fraction, zone.
        """
        try:
            moment = self._moment(parts)
        except (ValueError, OverflowError):
            return None
        if moment is None:
            return None
        ts = micros(moment) + _fraction(parts["fraction"])
        return ts if EARLIEST <= ts <= LATEST else None

    def _moment(self, parts: dict[str, str | None]) -> datetime | None:
        """The stamp's whole second, aware; None where its month is no month or no year fits."""
        name = parts["month"] or ""
        month = int(name) if name.isdecimal() else MONTHS.get(name.lower(), 0)
        short = parts.get("short")
        year = f"20{short}" if short else parts.get("year") or parts.get("year_after")
        if not month:
            return None
        zone = _zone(parts["zone"])
        self.exact = year is not None and zone is not None
        self.sure = year is not None
        clock = [int(parts[key] or 0) for key in ("day", "hour", "minute", "second")]
        if clock[3] == 60:
            clock[3] = 59  # a leap second is read as the second before it
        if year is not None:
            return self._aware(datetime(int(year), month, *clock), zone)  # type: ignore[arg-type]  # noqa: DTZ001
        return self._latest_year(month, clock, zone)

    def _latest_year(self, month: int, clock: list[int], zone: tzinfo | None) -> datetime | None:
        """The latest year whose date is not later than now + 1 day; 29 February goes back to a leap year."""
        limit = EPOCH + timedelta(microseconds=self.now + DAY)
        first = limit.astimezone(zone or self.tz).year
        for year in range(first, first - 9, -1):
            try:
                moment = self._aware(datetime(year, month, *clock), zone)  # type: ignore[arg-type]  # noqa: DTZ001
            except ValueError:
                continue
            if moment <= limit:
                return moment
        return None

    def _aware(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """In its zone; of a repeated hour's two instants the one that goes on from the stamp before."""
        if zone is not None:
            return moment.replace(tzinfo=zone)
        first = moment.replace(tzinfo=self.tz)
        second = first.replace(fold=1)
        if first.utcoffset() == second.utcoffset():
            return first
        self.sure = False
        if self.last is None:
            return first
        return first if micros(first) >= self.last - _DISORDER else second

    def _keep(self, text: str, found: re.Match[str], parts: dict[str, str | None]) -> None:
        """Keep the day of a stamp in its usual shape, for `read`'s short ways."""
        end = found.end()
        hour, since = HOUR.get(f"{parts['hour']}:"), MINUTE.get(f"{parts['minute']}:{parts['second']}")
        if hour is None or since is None:
            return
        base = self.ts - _fraction(parts["fraction"]) - hour - since
        if "year_after" in parts:
            if end == 15 and found.start("hour") == 7 and self._whole(parts, base):
                self.day, self._day_base = text[:7], base
                self.bsd_hour = _NONE
        elif parts["zone"] and found.end("fraction") == 26 and text[end : end + 1] == " ":
            self._iso, self._iso_base = text[:11], base
            self.ends, self.zone = end + 1, text[26 : end + 1]
            self.hour = _NONE

    def _whole(self, parts: dict[str, str | None], base: int) -> bool:
        """Whether a day runs through: no clock change in it, and its year is the same at both ends."""
        exact = self.exact
        for edge, expected in ((_MIDNIGHT, base), (_LAST_SECOND, base + DAY - 1_000_000)):
            moment = self._moment(parts | edge)
            if moment is None or micros(moment) != expected:
                return False
            if moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset():
                return False
        self.exact = exact
        return True


_MIDNIGHT: dict[str, str | None] = {"hour": "00", "minute": "00", "second": "00"}
_LAST_SECOND: dict[str, str | None] = {"hour": "23", "minute": "59", "second": "59"}
