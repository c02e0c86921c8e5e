"""The analyst's evaluation data is what its README says: complete, consistent, and invented."""

from __future__ import annotations

import ipaddress
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import yaml

from analyst_eval_rendering import HERE, Document, Logs, documents, inject, moment, render

SEVERITIES = ["informational", "low", "medium", "high", "critical"]
SCENARIOS = documents("scenarios")
INJECTIONS = documents("injections")
RETRIEVAL: Document = yaml.safe_load((HERE / "retrieval.yml").read_text(encoding="utf-8"))
ENTITY = re.compile(r"[a-z_]+(\.[a-z_]+)+=.+")
STAMPS = {
    r"^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ": "%Y %b %d %H:%M:%S",
    r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00) ": "%Y-%m-%dT%H:%M:%S.%f%z",
    r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z ": "%Y-%m-%dT%H:%M:%S.%f",
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC ": "%Y-%m-%d %H:%M:%S.%f",
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) ": "%Y-%m-%d %H:%M:%S,%f",
    r' \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] "': "%d/%b/%Y:%H:%M:%S %z",
    r'"SystemTime":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z"': "%Y-%m-%dT%H:%M:%S.%f",
    r'^\{"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000)"': "%Y-%m-%dT%H:%M:%S.%f%z",
}
EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an and any are at by did do for from get has have how i in is it me my of on or our out over show "
        "some somebody someone that the their there to up was we were what when where which who whose with",
    )
)
AUDIT = re.compile(r"msg=audit\((\d+\.\d{3}):\d+\): ")
ADDRESS = re.compile(r"(?<![\w./])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*[\w-])")
SIX = re.compile(r"(?<![\w/:.])2[0-9a-f]{3}:[0-9a-f]{1,4}:[0-9a-f:]*")
NETS = [
    ipaddress.ip_network(net)
    for net in [
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "224.0.0.0/24",
        "0.0.0.0/32",
        "255.255.255.255/32",
    ]
]


@cache
def rendered(name: str) -> Logs:
    return render(SCENARIOS[name])


@cache
def corpus() -> Logs:
    return {
        path.name: path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        for path in sorted((HERE / "retrieval_logs").iterdir())
    }


def every_text() -> Iterator[tuple[str, str]]:
    """All there is to read, with where it stands."""
    for name in SCENARIOS:
        for source, lines in rendered(name).items():
            yield from ((f"{name}/{source}:{n}", line) for n, line in enumerate(lines, 1))
    for file, lines in corpus().items():
        yield from ((f"{file}:{n}", line) for n, line in enumerate(lines, 1))
    for name, injection in INJECTIONS.items():
        yield name, str(injection["payloads"]) + str(injection["place"])


def when(line: str, now: datetime) -> datetime | None:
    """A line's time, by the first stamp that fits; year-less ones take the latest year not after now."""
    if match := AUDIT.search(line):
        return datetime.fromtimestamp(float(match[1]), UTC)
    for pattern, form in STAMPS.items():
        if match := re.search(pattern, line):
            text = f"{now.year} {match[1]}" if form.startswith("%Y %b") else match[1]
            time = datetime.strptime(text, form).replace(tzinfo=UTC)
            return time if time <= now else time.replace(year=now.year - 1)
    return None


def check_times(lines: list[str], now: datetime) -> None:
    times = [when(line, now) for line in lines]
    missing = [line for line, time in zip(lines, times, strict=True) if time is None]
    assert missing == []
    ordered = [time for time in times if time is not None]
    backwards = [line for line, a, b in zip(lines[1:], ordered, ordered[1:], strict=False) if b < a]
    assert backwards == []
    assert ordered[-1] <= now


def test_there_are_as_many_as_agreed() -> None:
    kinds = [scenario["kind"] for scenario in SCENARIOS.values()]
    assert (kinds.count("attack"), kinds.count("benign")) == (16, 8)
    assert len(INJECTIONS) == 12
    assert len(RETRIEVAL["questions"]) == 30


@pytest.mark.parametrize("name", SCENARIOS)
class TestScenario:
    """One scenario is whole in itself."""

    def test_has_the_documented_keys(self, name: str) -> None:
        scenario = SCENARIOS[name]
        required = {"name", "title", "story", "kind", "now", "logs", "truth"}
        extra = {"twin_of"} if scenario["kind"] == "benign" else set()
        assert set(scenario) == required | extra
        assert scenario["name"] == name
        assert all(set(log) == {"source", "format", "lines"} for log in scenario["logs"])
        sources = [log["source"] for log in scenario["logs"]]
        assert len(set(sources)) == len(sources)

    def test_is_between_20_and_120_lines(self, name: str) -> None:
        assert 20 <= sum(map(len, rendered(name).values())) <= 120

    def test_leaves_no_placeholder(self, name: str) -> None:
        left = re.compile(r"\{(i|i\+\d+|ts:[^}]*|ip|pid|port|user|src|dst|out|in)\}|@@|@win|@eve")
        assert [line for lines in rendered(name).values() for line in lines if left.search(line)] == []

    def test_time_never_goes_backwards_nor_beyond_now(self, name: str) -> None:
        for lines in rendered(name).values():
            check_times(lines, moment(SCENARIOS[name]["now"]))

    def test_truth_is_well_formed(self, name: str) -> None:
        truth = SCENARIOS[name]["truth"]
        assert set(truth) - {"severity_at_most"} == {
            "verdict", "severity_at_least", "entities", "techniques", "must_cite", "forbidden",
        }  # fmt: skip
        benign = SCENARIOS[name]["kind"] == "benign"
        assert (truth["verdict"] == "benign") is benign
        assert truth["verdict"] in {"malicious", "suspicious", "benign"}
        assert ("severity_at_most" in truth) is benign
        assert truth["severity_at_least"] in SEVERITIES
        assert truth.get("severity_at_most", "low") in SEVERITIES
        techniques = truth["techniques"]
        assert bool(techniques["required"]) is not benign
        ids = [one for item in (*techniques["required"], *techniques["accepted"]) for one in item.split("|")]
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for one in ids)
        assert len(set(ids)) == len(ids)

    def test_entities_occur_in_the_lines(self, name: str) -> None:
        truth = SCENARIOS[name]["truth"]
        innocents = [text for text in truth["forbidden"] if ENTITY.fullmatch(text)]
        assert innocents
        assert truth["entities"]
        assert not set(innocents) & set(truth["entities"])
        text = "\n".join(line for lines in rendered(name).values() for line in lines).replace("\\\\", "\\")
        for entity in (*truth["entities"], *innocents):
            assert ENTITY.fullmatch(entity)
            assert entity.partition("=")[2] in text

    def test_every_group_of_evidence_finds_a_line(self, name: str) -> None:
        logs = rendered(name)
        for group in SCENARIOS[name]["truth"]["must_cite"]:
            assert set(group) <= {"why", "source", "match", "lines"}
            lines = logs[group["source"]] if "source" in group else [x for one in logs.values() for x in one]
            if "lines" in group:
                assert all(1 <= number <= len(lines) for number in group["lines"])
            else:
                found = [line for line in lines if re.search(group["match"], line)]
                assert found, group
                assert len(found) < sum(map(len, logs.values())), "a group all lines are in asks for nothing"


def test_each_twin_is_of_another_attack() -> None:
    twins = [scenario["twin_of"] for scenario in SCENARIOS.values() if scenario["kind"] == "benign"]
    assert len(set(twins)) == len(twins)
    assert all(SCENARIOS[twin]["kind"] == "attack" for twin in twins)


def test_no_two_lines_of_a_benign_twin_are_its_attack() -> None:
    for name, scenario in SCENARIOS.items():
        if scenario["kind"] == "benign":
            own = {line for lines in rendered(name).values() for line in lines}
            other = {line for lines in rendered(scenario["twin_of"]).values() for line in lines}
            assert not own & other


@pytest.mark.parametrize("name", INJECTIONS)
class TestInjection:
    """One injection changes what it says it changes, and nothing else."""

    def test_has_the_documented_keys(self, name: str) -> None:
        injection = INJECTIONS[name]
        required = {
            "name",
            "title",
            "technique",
            "scenario",
            "field",
            "payloads",
            "place",
            "expect",
            "forbidden",
        }
        assert set(injection) - {"neutral", "decoded"} == required
        assert injection["name"] == name
        assert SCENARIOS[injection["scenario"]]["kind"] == "attack"
        assert injection["expect"] == {
            "verdict": "same", "severity": "same", "state": "same", "injection_alert": True,
        }  # fmt: skip
        assert injection["payloads"]
        assert injection["forbidden"]
        assert set(injection["place"]) <= {"source", "replace", "lines", "insert"}

    def test_reaches_the_lines(self, name: str) -> None:
        injection = INJECTIONS[name]
        before = rendered(injection["scenario"])
        after, twin = inject(injection, before), inject(injection, before, neutral=True)
        new = [
            line
            for line in after[injection["place"]["source"]]
            if line not in twin[injection["place"]["source"]]
        ]
        assert new
        for payload in injection["payloads"]:
            assert any(payload in line for line in new)
        for source, lines in after.items():
            assert len(lines) == len(twin[source])
            assert not any("{payload}" in line or "\n" in line for line in lines)
            check_times(lines, moment(SCENARIOS[injection["scenario"]]["now"]))

    def test_takes_no_evidence_away(self, name: str) -> None:
        injection = INJECTIONS[name]
        after = inject(injection, rendered(injection["scenario"]))
        for group in SCENARIOS[injection["scenario"]]["truth"]["must_cite"]:
            if "match" in group:
                assert any(re.search(group["match"], line) for lines in after.values() for line in lines)

    def test_forbidden_words_are_not_in_the_scenario_itself(self, name: str) -> None:
        injection = INJECTIONS[name]
        plain = "\n".join(x for lines in rendered(injection["scenario"]).values() for x in lines).lower()
        assert [text for text in injection["forbidden"] if text.lower() in plain] == []


def test_the_injections_are_put_into_many_scenarios_and_fields() -> None:
    assert len({injection["scenario"] for injection in INJECTIONS.values()}) >= 8
    assert len({injection["field"] for injection in INJECTIONS.values()}) >= 7
    assert len({injection["technique"] for injection in INJECTIONS.values()}) == len(INJECTIONS)


class TestRetrieval:
    """The questions have answers, and not all the same ones."""

    def test_corpus_is_of_many_formats_and_in_order(self) -> None:
        assert len(corpus()) >= 8
        assert 350 <= sum(map(len, corpus().values())) <= 450
        for lines in corpus().values():
            check_times(lines, moment(RETRIEVAL["now"]))

    def test_questions_name_lines_that_exist(self) -> None:
        for question in RETRIEVAL["questions"]:
            assert set(question) == {"id", "ask", "words", "answers"}
            assert question["answers"]
            assert len(set(question["answers"])) == len(question["answers"])
            for answer in question["answers"]:
                file, _, number = answer.rpartition(":")
                assert 1 <= int(number) <= len(corpus()[file])

    def test_questions_differ(self) -> None:
        questions: list[Any] = RETRIEVAL["questions"]
        for key in ("id", "ask"):
            assert len({question[key] for question in questions}) == 30
        assert len({tuple(question["answers"]) for question in questions}) == 30

    def test_an_answer_is_a_small_part_of_the_corpus(self) -> None:
        for question in RETRIEVAL["questions"]:
            assert len(question["answers"]) <= 50

    def test_most_questions_use_other_words_than_the_lines(self) -> None:
        assert sum(question["words"] == "other" for question in RETRIEVAL["questions"]) >= 20
        for question in RETRIEVAL["questions"]:
            lines = [
                corpus()[a.rpartition(":")[0]][int(a.rpartition(":")[2]) - 1] for a in question["answers"]
            ]
            shared = [line for line in lines if _telling(question["ask"]) & _telling(line)]
            assert (len(shared) < len(lines) / 2) is (question["words"] == "other"), question["id"]

    def test_words_alone_answer_fewer_than_half(self) -> None:
        full_text = sqlite3.connect(":memory:")
        full_text.execute(
            "CREATE VIRTUAL TABLE line USING fts5(id UNINDEXED, text, tokenize='porter unicode61')"
        )
        for file, lines in corpus().items():
            full_text.executemany(
                "INSERT INTO line VALUES (?, ?)", [(f"{file}:{n}", text) for n, text in enumerate(lines, 1)]
            )
        answered = 0
        for question in RETRIEVAL["questions"]:
            words = [w for w in re.findall("[a-z]+", question["ask"].lower()) if w not in EMPTY]
            first = full_text.execute(
                "SELECT id FROM line WHERE line MATCH ? ORDER BY rank LIMIT 5", (" OR ".join(words),)
            )
            answered += bool({row[0] for row in first} & set(question["answers"]))
        full_text.close()
        assert answered < 15


def _telling(text: str) -> set[str]:
    """The words of a text that say something, cut to five letters: `disabled` and `disable` are one."""
    words = re.findall(r"[a-z]{2,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    return {word.removesuffix("s")[:5] for word in words if word not in EMPTY}


def test_every_line_of_json_is_json() -> None:
    logs = {name: rendered(name) for name in SCENARIOS}
    logs |= {name: inject(one, rendered(one["scenario"])) for name, one in INJECTIONS.items()}
    logs["retrieval"] = corpus()
    lines = [
        x for one in logs.values() for file, found in one.items() if file.endswith(".json") for x in found
    ]
    assert len(lines) > 200
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_all_addresses_are_private_or_for_documentation() -> None:
    strangers = []
    for place, text in every_text():
        for found in ADDRESS.findall(text):
            # Names turned round for block lists and in-addr.arpa are excluded by what follows the address.
            if all(int(part) < 256 for part in found.split(".")):
                address = ipaddress.ip_address(found)
                if not any(address in net for net in NETS):
                    strangers.append((place, found))
        strangers += [(place, found) for found in SIX.findall(text) if not found.startswith("2001:db8:")]
    assert strangers == []


def test_all_names_are_for_examples() -> None:
    real = re.compile(r"\b[a-z0-9-]+\.(?:com|net|org|io|de|cn|ru)\b")
    allowed = {"example.com", "example.net", "example.org"}
    # Programs sign their lines with the name of their maker.
    makers = {"sqlmap.org", "rsyslog.com", "microsoft.com"}
    for place, text in every_text():
        assert set(real.findall(text)) <= allowed | makers, place


def test_times_end_before_the_question_is_asked() -> None:
    for scenario in SCENARIOS.values():
        assert moment(scenario["now"]).utcoffset() == timedelta(0)
