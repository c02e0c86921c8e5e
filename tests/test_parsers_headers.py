"""When, where and by whom: stamps without a year or a zone, and the headers around a message."""

# ruff: noqa: DTZ001 - log lines stand as they are written; hypothesis draws naive instants

from __future__ import annotations

import doctest
import importlib
import pkgutil
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import socterm.parsers
from hypothesis import given
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder, as_ecs


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def decode(*lines: str, now: datetime = datetime(2026, 11, 21, tzinfo=UTC), zone: str = "UTC") -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, micros(now))
    return Decoder("x", tz=ZoneInfo(zone)).decode(chunk)


def stamp(line: str, **how: object) -> str:
    return str(as_ecs(decode(line, **how)[0])["@timestamp"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (datetime(2026, 11, 21, tzinfo=UTC), "Nov 21 23:00:00", "2026-11-21T23:00:00"),
        (datetime(2026, 11, 21, tzinfo=UTC), "Nov 22 00:00:00", "2026-11-22T00:00:00"),
        (datetime(2026, 11, 21, tzinfo=UTC), "Nov 22 00:00:01", "2025-11-22T00:00:01"),
        (datetime(2027, 1, 1, tzinfo=UTC), "Dec 31 23:59:59", "2026-12-31T23:59:59"),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), "Jan  1 00:00:00", "2027-01-01T00:00:00"),
        (datetime(2026, 11, 21, tzinfo=UTC), "Feb 29 12:00:00", "2024-02-29T12:00:00"),
        (datetime(2103, 1, 1, tzinfo=UTC), "Feb 29 12:00:00", "2096-02-29T12:00:00"),
    ],
)
def test_the_year_is_the_latest_that_is_not_later_than_a_day_from_now(
    now: datetime, text: str, expected: str
) -> None:
    assert stamp(f"{text} web1 app: x", now=now) == f"{expected}.000000Z"


def test_a_day_kept_from_the_line_before_does_not_carry_its_year_past_the_limit() -> None:
    found = decode(
        "Nov 22 11:00:00 web1 app: x",
        "Nov 22 13:00:00 web1 app: x",
        now=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )
    assert [as_ecs(event)["@timestamp"][:4] for event in found] == ["2026", "2025"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000000Z"),
        ("2026-11-20T10:00:00.5+05:30", "2026-11-20T04:30:00.500000Z"),
        ("2026-11-20T10:00:00,123456789-0800", "2026-11-20T18:00:00.123456Z"),
        ("2026-11-20 10:00:00.25", "2026-11-20T10:00:00.250000Z"),
        ("2026-11-20T10:00:00", "2026-11-20T10:00:00.000000Z"),
        ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59.000000Z"),
        ("Nov 20 10:00:00.123456", "2026-11-20T10:00:00.123456Z"),
        ("Nov 20 2019 10:00:00", "2019-11-20T10:00:00.000000Z"),
        ("Nov 20 10:00:00 2019", "2019-11-20T10:00:00.000000Z"),
        ("Fri Nov 20 10:00:00 2020", "2020-11-20T10:00:00.000000Z"),
        ("Nov 20 10:00:00 +02:00", "2026-11-20T08:00:00.000000Z"),
        ("MÄR  2 10:00:00", "2026-03-02T10:00:00.000000Z"),
        ("déc.  2 10:00:00", "2025-12-02T10:00:00.000000Z"),
    ],
)  # fmt: skip
def test_dialects_of_stamps(text: str, expected: str) -> None:
    event = decode(f"{text} web1 app[7]: x")[0]
    assert as_ecs(event)["@timestamp"] == expected
    assert (event.fields["host.hostname"], event.fields["process.pid"], event.time_from) == (
        "web1",
        7,
        "line",
    )


@pytest.mark.parametrize(
    "text", ["Xyz 20 10:00:00", "Nov 31 10:00:00", "2026-13-01T10:00:00Z", "2026-11-20T25:00:00Z"]
)
def test_what_is_no_date_is_no_stamp(text: str) -> None:
    assert decode(f"{text} web1 app: x")[0].time_from == "received"


def test_a_stamp_of_its_own_year_after_a_usual_one_is_not_taken_for_it() -> None:
    found = decode(
        "Nov 20 10:00:00 web1 app: x", "Nov 20 10:00:00 2019 web1 app: x", "Nov 20 10:00:01 10.0.0.1 app: x"
    )
    assert [as_ecs(event)["@timestamp"][:19] for event in found] == [
        "2026-11-20T10:00:00",
        "2019-11-20T10:00:00",
        "2026-11-20T10:00:01",
    ]
    assert found[2].fields["host.hostname"] == "10.0.0.1"


def test_local_time_is_read_in_the_zone_given() -> None:
    assert stamp("Jul  1 12:00:00 web1 app: x", zone="Europe/Zurich") == "2026-07-01T10:00:00.000000Z"
    assert stamp("Jan  1 12:00:00 web1 app: x", zone="Europe/Zurich") == "2026-01-01T11:00:00.000000Z"


def test_the_repeated_hour_in_autumn_goes_on_from_the_line_before() -> None:
    clock = ["01:59:00", "02:10:00", "02:50:00", "02:49:58", "02:05:00", "02:50:00", "03:00:00"]
    found = decode(*(f"Oct 25 {time} web1 app: x" for time in clock), zone="Europe/Berlin")
    assert [as_ecs(event)["@timestamp"][11:19] for event in found] == [
        "23:59:00", "00:10:00", "00:50:00", "00:49:58", "01:05:00", "01:50:00", "02:00:00",
    ]  # fmt: skip


def test_a_line_without_a_stamp_borrows_the_one_before_or_the_time_of_reading() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    first, second, third = decode("no stamp", "Nov 20 10:00:00 web1 app: x", "no stamp", now=now)
    assert (first.ts, first.time_from) == (micros(now), "received")
    assert (third.ts, third.time_from) == (second.ts, "previous")
    assert third.fields["message"] == "no stamp"


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31, 11)))
def test_bsd_and_iso_stamps_of_one_instant_agree(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    bsd = f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"
    now = datetime(2026, 12, 30, 12, tzinfo=UTC)
    found = decode(*(f"{text} web1 app: x" for text in (bsd, moment.isoformat() + "Z", bsd)), now=now)
    assert len({event.ts for event in found}) == 1


def test_priority_is_split_into_facility_and_severity() -> None:
    fields = decode("<86>Nov 20 10:00:00 web1 app: x")[0].fields
    assert [fields[f"log.syslog.{name}"] for name in ("priority", "facility.code", "severity.code")] == [
        86,
        10,
        6,
    ]


@pytest.mark.parametrize("line", ["<999>Nov 20 10:00:00 web1 app: x", "<1234>x", "<>x", "<a>x"])
def test_a_wrong_priority_is_plain_text(line: str) -> None:
    event = decode(line)[0]
    assert (event.fields, event.kind) == ({"message": line}, "event")


def test_octet_counted_frames_leave_a_blank_that_does_not_hide_the_message() -> None:
    event = decode("<38>1 2026-11-20T10:00:00Z web1 sshd 7 - -  Invalid user bob from 192.0.2.1")[0]
    assert event.fields["source.ip"] == "192.0.2.1"


def test_a_container_line_is_dated_by_its_envelope_unless_it_names_year_and_zone() -> None:
    dated = '{"log":"2020-01-01T00:00:00Z web1 app: x\\n","stream":"stdout","time":"2026-11-20T10:00:00Z"}'
    bare = '{"log":"Nov  1 00:00:00 web1 app: x\\n","stream":"stdout","time":"2024-11-20T10:00:00Z"}'
    assert stamp(dated) == "2020-01-01T00:00:00.000000Z"
    assert stamp(bare) == "2024-11-20T10:00:00.000000Z"


def test_a_command_that_ran_is_a_process_creation_and_one_refused_is_not() -> None:
    ran, refused = decode(
        "Nov 20 10:00:00 web1 sudo: al : TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
        "Nov 20 10:00:00 web1 sudo: al : command not allowed ; TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
    )
    assert ("linux", "process_creation", "") in ran.logsources
    assert ("linux", "process_creation", "") not in refused.logsources


def test_export_has_lists_and_leaves_out_a_repeat_of_one() -> None:
    ecs = as_ecs(decode("Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.1")[0])
    assert ecs["event.category"] == ["authentication"]
    assert "socterm.repeat" not in ecs
    assert (ecs["event.kind"], ecs["event.original"][:6]) == ("event", "Nov 20")


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(socterm.parsers.__path__)])
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"socterm.parsers.{name}")).failed == 0


@pytest.mark.parametrize("tag", ["(systemd)", "(systemd)[812]"])
def test_a_child_of_systemd_names_itself_in_parentheses(tag: str) -> None:
    line = f"Nov 20 10:00:00 web1 {tag}: pam_unix(systemd-user:session): session opened for user bob"
    for event in decode(line, line):
        assert event.fields["process.name"] == "(systemd)"
        assert event.fields.get("process.pid") == (812 if "[" in tag else None)
        assert (event.fields["event.action"], event.fields["user.name"]) == ("session_opened", "bob")
        assert event.logsources[0] == ("linux", "", "systemd")
