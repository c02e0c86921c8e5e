"""Stories beyond syslog: every line is read by its own format into the fields the truth speaks of."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import pytest
from socterm.demo import stories
from socterm.demo.model import Step, Story
from socterm.demo.play import play
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs

# Log → datasets its lines may be, and a field that each of them has to have.
DATASETS: dict[str, tuple[frozenset[str], str]] = {
    "access.log": (frozenset({"web.access"}), "source.ip"),
    "apache_access.log": (frozenset({"web.access"}), "source.ip"),
    "access_json.log": (frozenset({"nginx.access"}), "source.ip"),
    "ufw.log": (frozenset({"iptables"}), "destination.port"),
    "dnsmasq.log": (frozenset({"dnsmasq"}), "dns.question.name"),
    "unbound.log": (frozenset({"unbound"}), "dns.question.name"),
    "named.log": (frozenset({"named"}), "source.ip"),
    "winlogbeat.ndjson": (
        frozenset({"windows.security", "windows.system", "windows.sysmon", "windows.windefend"}),
        "host.hostname",
    ),
    "nxlog.ndjson": (frozenset({"windows.security", "windows.system"}), "host.hostname"),
    "mail.log": (frozenset({"postfix", "dovecot"}), "event.action"),
    "postgresql.log": (frozenset({"postgresql"}), "process.pid"),
    "mysql_error.log": (frozenset({"mysql"}), "event.code"),
    "app.ndjson": (frozenset({"portal.audit"}), "source.ip"),
    "eve.json": (frozenset({"suricata.dns", "suricata.flow"}), "source.ip"),
}
MINE = [story for story in stories().values() if any(log.name in DATASETS for log in story.logs)]
ADDRESS = re.compile(r"(?<![\w.:/])(?:\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
PUBLIC = [
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
]


def _read(story: Story, seed: int = 2026, noise: float = 1.0) -> Iterator[tuple[Step, dict[str, Any]]]:
    """Each line of a story with the event it is read as."""
    steps = list(play(story, seed, noise=noise))
    for log in story.logs:
        own = [step for step in steps if step.log == log.name]
        lines = [step.line.encode() for step in own]
        events = Decoder(log.name).decode(Chunk(log.name, 0, lines, {}, now=0, live=False))
        yield from zip(own, map(as_ecs, events), strict=True)


def _about(line: str, event: dict[str, Any], entity: dict[str, str]) -> bool:
    """Whether an event has these values; those that only enrichment adds have to stand in the line."""
    return all(
        str(event[field]) == value if field in event else value in line for field, value in entity.items()
    )


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_each_line_is_read_by_its_format(story: Story) -> None:
    for step, event in _read(story, 5):
        assert event["event.kind"] == "event", step.line
        if step.log in DATASETS:
            datasets, field = DATASETS[step.log]
            assert event["event.dataset"] in datasets, step.line
            assert field in event or "400 157" in step.line or "checkpoint" in step.line, step.line
        else:
            assert event["event.dataset"] == "auditd", step.line


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_the_lines_of_a_step_carry_the_entity_it_is_owed_for(story: Story) -> None:
    read = list(_read(story))
    for owed in story.alerts:
        for label in owed.steps:
            said = [(step.line, event) for step, event in read if step.label == label]
            assert any(_about(line, event, owed.entity) for line, event in said), (
                f"{owed.rule}: no line of {label} is about {owed.entity}"
            )


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_what_must_stay_quiet_is_there_to_be_heard(story: Story) -> None:
    """A twin proves something only if the entity occurs in it."""
    read = [(step.line, event) for step, event in _read(story)]
    for entry in story.quiet:
        assert any(_about(line, event, entry.entity) for line, event in read), (
            f"{entry.rule}: nobody in {story.name} is {entry.entity}"
        )


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_attackers_never_speak_in_the_noise(story: Story) -> None:
    """However busy the background is, it uses none of the addresses the truth speaks of from outside."""
    quiet = {step.line for step in play(story, 3, noise=20.0) if step.label in {n.label for n in story.noise}}
    said = {value for owed in story.alerts for field, value in owed.entity.items() if field == "source.ip"}
    for address in said:
        if not ipaddress.ip_address(address).is_private or address.startswith(("203.", "198.51.")):
            assert not any(re.search(rf"(?<![\d.]){re.escape(address)}(?![\d.])", line) for line in quiet), (
                address
            )


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_only_addresses_that_are_nobodys_occur(story: Story) -> None:
    for step in play(story, 11):
        for text in ADDRESS.findall(step.line):
            address = ipaddress.ip_address(text)
            local = (
                address in ipaddress.ip_network("10.20.0.0/16") or address.is_loopback or address.is_multicast
            )
            assert local or any(address in net for net in PUBLIC), step.line


@pytest.mark.parametrize("story", MINE, ids=lambda story: story.name)
def test_samples_stay_small(story: Story) -> None:
    steps = list(play(story))
    for log in story.logs:
        own = [step.line for step in steps if step.log == log.name]
        assert 0 < len(own) <= 1500
        assert sum(len(line.encode()) + 1 for line in own) <= 300_000


def test_twins_name_the_attack_they_look_like() -> None:
    attacks = {story.name for story in MINE if story.alerts}
    for story in MINE:
        if not story.alerts:
            assert story.twin_of in attacks, story.name
