"""Log text is typed by the attacker: user names that look like log lines, bytes that are no text."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder, as_ecs
from socterm.parsers.envelopes import TOO_DEEP

NOW = 1_795_000_000_000_000


def decode(*lines: bytes, notes: dict[int, dict[str, int]] | None = None) -> list[Event]:
    return Decoder("x").decode(Chunk("x", 0, list(lines), {}, NOW, notes=notes or {}))


def sshd(message: str) -> Event:
    return decode(f"Nov 20 10:00:00 web1 sshd[7]: {message}".encode())[0]


@pytest.mark.parametrize(
    ("message", "ip", "user"),
    [
        ("Failed password for invalid user a from 10.1.1.1 port 5 ssh2 from 192.0.2.1 port 6 ssh2", "192.0.2.1", "a from 10.1.1.1 port 5 ssh2"),
        ("Failed password for invalid user from 10.1.1.1 from 192.0.2.1 port 6 ssh2", "192.0.2.1", "from 10.1.1.1"),
        ("Failed password for u from 192.0.2.1 port 6 ssh1: ruser x from 10.1.1.1", "192.0.2.1", "u"),
        ("Failed password for invalid user  from 192.0.2.1 port 6 ssh2", "192.0.2.1", None),
        ("Failed password for invalid user a b from 192.0.2.1 port 6 ssh2", "192.0.2.1", "a b"),
        ("Invalid user a from 10.1.1.1 from 192.0.2.1 port 6", "192.0.2.1", "a from 10.1.1.1"),
        ("Invalid user  from 192.0.2.1", "192.0.2.1", None),
        ("Connection closed by authenticating user a 10.1.1.1 port 5 192.0.2.1 port 6 [preauth]", "192.0.2.1", "a 10.1.1.1 port 5"),
        ("Connection closed by invalid user  192.0.2.1 port 6 [preauth]", "192.0.2.1", None),
        ("Bad protocol version identification 'x' from 10.1.1.1' from 192.0.2.1 port 6", "192.0.2.1", None),
        ("error: PAM: Authentication failure for illegal user a from 10.1.1.1 from 192.0.2.1", "192.0.2.1", "a from 10.1.1.1"),
        ("User a from 10.1.1.1 not allowed because x from 192.0.2.1 not allowed because y", "192.0.2.1", "a from 10.1.1.1 not allowed because x"),
    ],
)  # fmt: skip
def test_the_peer_is_where_the_message_says_so(message: str, ip: str, user: str | None) -> None:
    fields = sshd(message).fields
    assert fields["source.ip"] == ip
    assert fields.get("user.name") == user


@pytest.mark.parametrize(
    "message",
    [
        "Failed password for root from 192.0.2.1 port {} ssh2",
        "Failed password for invalid user bob from 192.0.2.1 port {} ssh2",
        "Invalid user bob from 192.0.2.1 port {}",
        "Accepted password for root from 192.0.2.1 port {} ssh2",
        "Disconnected from authenticating user root 192.0.2.1 port {} [preauth]",
        "Received disconnect from 192.0.2.1 port {}:11: Bye",
        "error: maximum authentication attempts exceeded for root from 192.0.2.1 port {} ssh2 [preauth]",
    ],
)
def test_a_port_too_long_to_be_a_number_is_no_error(message: str) -> None:
    before = b"Nov 20 10:00:00 web1 sshd[7]: User root not allowed because account is locked"
    line = f"Nov 20 10:00:00 web1 sshd[7]: {message.format('9' * 5000)}"
    event = decode(before, line.encode())[1]
    assert (event.kind, event.raw) == ("event", line)
    assert "source.port" not in event.fields


def test_a_forged_ending_does_not_beat_the_address_the_process_talks_to() -> None:
    name = "x from 10.1.1.1 port 5 ssh2: y"
    lines = [
        f"Nov 20 10:00:00 web1 sshd[7]: Invalid user {name} from 192.0.2.1 port 6".encode(),
        f"Nov 20 10:00:00 web1 sshd[7]: Failed password for invalid user {name} from 192.0.2.1 port 6 ssh2".encode(),
    ]
    assert [event.fields["source.ip"] for event in decode(*lines)] == ["192.0.2.1", "192.0.2.1"]


@pytest.mark.parametrize(
    ("token", "field", "value"),
    [
        ("::ffff:192.0.2.9", "source.ip", "192.0.2.9"),
        ("2001:DB8:0:0::1", "source.ip", "2001:db8::1"),
        ("fe80::2%eth0", "source.ip", "fe80::2"),
        ("host.example.org", "source.domain", "host.example.org"),
        ("UNKNOWN", None, None),
        ("::1::2", None, None),
        ("999.1.1.1", "source.domain", "999.1.1.1"),
    ],
)
def test_peers_have_one_spelling(token: str, field: str | None, value: str | None) -> None:
    fields = sshd(f"Failed password for root from {token} port 22 ssh2").fields
    found = {name: fields[name] for name in ("source.ip", "source.domain") if name in fields}
    assert found == ({field: value} if field else {})


def test_nul_is_dropped_from_text_and_kept_in_bytes() -> None:
    line = b"\0\0\0Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.1"
    event = decode(line)[0]
    assert (event.raw, event.raw_bytes) == (line.replace(b"\0", b"").decode(), line)
    assert event.fields["source.ip"] == "192.0.2.1"


def test_what_is_not_utf8_becomes_a_replacement_character() -> None:
    for line in (b"Nov 20 10:00:00 web1 app: caf\xe9", b"Nov 20 10:00:00 web1 app: \xed\xa0\x80"):
        event = decode(line)[0]
        assert "\ufffd" in event.fields["message"]
        assert event.raw_bytes == line
    fine = decode("Nov 20 10:00:00 web1 app: \ufffd".encode())[0]
    assert fine.raw_bytes is None


def test_mark_and_carriage_return_are_not_parsed_but_kept() -> None:
    event = decode(b"\xef\xbb\xbfNov 20 10:00:00 web1 app: hi\r")[0]
    assert (event.fields["message"], event.fields["host.hostname"], event.raw[-1]) == ("hi", "web1", "\r")


def test_a_lone_surrogate_in_json_can_be_stored() -> None:
    event = decode(rb'{"__REALTIME_TIMESTAMP":"1","_HOSTNAME":"h","MESSAGE":"a\ud800b\u0000c \ud83d\ude00"}')[
        0
    ]
    assert event.fields["message"] == "a\ufffdbc \U0001f600"
    json.dumps(as_ecs(event), ensure_ascii=False).encode()


def test_a_megabyte_is_kept_whole_and_a_cut_is_told() -> None:
    line = b"Nov 20 10:00:00 web1 sshd[7]: Failed password for " + b"from x " * 150_000
    event = decode(line[: 1 << 20], notes={0: {"cut": len(line)}})[0]
    assert len(event.raw) == 1 << 20
    assert event.fields["socterm.cut"] == len(line)


def test_escape_sequences_stay_in_the_event_as_they_are() -> None:
    event = sshd("Invalid user \x1b]52;c;ZWVlZQ==\x07\x1b[2J[/foo] from 192.0.2.1 port 9")
    assert event.fields["user.name"] == "\x1b]52;c;ZWVlZQ==\x07\x1b[2J[/foo]"


NESTING = {
    "a list": ('{"a":', "[", "]", "}"),
    "objects": ('{"a":', '{"a":', "}", "}"),
    "both": ('{"a":', '[{"a":', "}]", "}"),
    "a journal's message": ('{"__REALTIME_TIMESTAMP":"1795000000000000","MESSAGE":', "[", "]", "}"),
    "a field of a journal": ('{"__REALTIME_TIMESTAMP":"1795000000000000","_HOSTNAME":', "[[", "]]", "}"),
    "a record of AWS": ('{"eventVersion":"1.08","eventName":"x","requestParameters":', '{"a":', "}", "}"),
    "what is carried": ('{"event":', '{"event":', "}", "}"),
    "behind a header": ("Nov 20 10:00:00 web1 app: ", '{"a":', "}", ""),
}


@pytest.mark.parametrize("depth", [90, 500, 950, 5_000, 100_000])
@pytest.mark.parametrize("form", NESTING.values(), ids=NESTING)
def test_nesting_of_any_depth_is_an_event(form: tuple[str, str, str, str], depth: int) -> None:
    """How deep Python can look differs from version to version; what comes of a line does not end it."""
    before, opening, closing, after = form
    line = f"{before}{opening * depth}1{closing * depth}{after}"
    (event,) = decode(line.encode())
    assert event.raw == line
    assert event.kind == "event" or event.fields["error.message"] == TOO_DEEP


def test_broken_json_is_an_error_of_the_line_not_of_the_reader() -> None:
    deep = b'{"a":' * 200_000
    for line in (b'{"log": ', b"{", b'{"a": [1,}', deep, b'{"a": ' + b"9" * 5000 + b"}"):
        event = decode(line)[0]
        assert event.kind == "pipeline_error" or line.endswith(b"9}")
        assert event.fields["message"] == line.decode()


PIECES = st.sampled_from(
    [
        "Nov 20 10:00:00 ", "2026-11-20T10:00:00.123456+00:00 ", "<38>", "<38>1 ", "- ", "web1 ", "sshd[7]: ", "sudo: ", "su[1]: ",
        "Failed password for ", "invalid user ", "from ", "192.0.2.1 ", "port 22 ", "ssh2", "Accepted publickey for ", "Invalid user ",
        "Disconnecting ", "authenticating user ", "Too many authentication failures", "[preauth]", "message repeated 3 times: [ ", "]",
        "pam_unix(sshd:auth): authentication failure; ", "logname= ", "ruser= ", "rhost=", " user=root", "PAM 5 more authentication failures; ",
        "Connection closed by ", "Received disconnect from ", ": 11: ", "TTY=x ; ", "USER=root ; ", "COMMAND=", "(root) CMD (", ")", "{", "}", '"',
        '{"log":"', '{"MESSAGE":"', "\\ud800", "[a b=\"", "Timeout before authentication for ", "Connection from ", "User ", "not allowed because ",
    ]
)  # fmt: skip
HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14)
    .map("".join)
    .map(lambda s: s.encode("utf-8", "surrogatepass")),
)


@settings(max_examples=400)
@given(st.lists(HOSTILE, max_size=12))
def test_any_bytes_become_one_event_a_line_that_can_be_written_down(lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"") for line in lines]
    found = decode(*lines)
    assert [event.position for event in found] == list(range(len(lines)))
    for event in found:
        text = json.dumps(as_ecs(event), ensure_ascii=False)
        text.encode()
        assert "\\u0000" not in text
        assert event.repeat >= 0
        assert event.kind in ("event", "pipeline_error")
