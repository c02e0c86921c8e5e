"""`socterm generate`: the same bytes each time, when they are due, wherever a person wants them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import pytest
import yaml
from socterm.demo import START, Rate, Step, Told, play, rate_of, send, stories, tell
from socterm.event import Chunk
from socterm.parsers import Decoder

from generating import STORY, TWO_LOGS, generate, lines, refused


class TestTheSameEachTime:
    def test_same_arguments_same_bytes(self) -> None:
        assert lines(STORY) == lines(STORY)
        assert lines(STORY, "--seed", 5) == lines(STORY, "--seed", 5)
        assert lines(STORY, "--seed", 5) != lines(STORY)

    def test_a_file_has_what_standard_output_has(self, tmp_path: Path) -> None:
        out = tmp_path / "made.log"
        lines(STORY, "--to", out)
        assert out.read_text().splitlines() == lines(STORY)

    @pytest.mark.parametrize("name", list(stories()))
    def test_every_story_is_the_same_twice_and_in_order(self, name: str) -> None:
        story = stories()[name]
        told = list(play(story))
        assert told == list(play(story))
        assert all(one.at_seconds <= other.at_seconds for one, other in pairwise(told))
        assert {step.log for step in told} == {log.name for log in story.logs}
        assert {step.label for step in told} == set(story.steps)
        assert not [
            step.line for step in told if "\0" in step.line.replace("\\u0000", "") or "<<stamp>>" in step.line
        ]

    def test_the_start_is_the_one_asked_for(self) -> None:
        found = lines(STORY, "--start", "2027-01-02T03:04:05+02:00")
        assert found[0].startswith("2027-01-02T03:04:1")
        assert found[0][26:32] == "+02:00"
        assert lines(STORY, "--start", "2027-01-02T03:04:05")[0][26:32] == "+00:00"

    def test_now_ends_about_now(self) -> None:
        before = datetime.now(UTC)
        last = datetime.fromisoformat(lines(STORY, "--start", "now")[-1].split(" ", 1)[0])
        assert before - timedelta(seconds=40) <= last <= datetime.now(UTC) + timedelta(seconds=1)


class TestHeaders:
    def test_rfc3164(self) -> None:
        pattern = re.compile(r"Mar 17 09:\d\d:\d\d (web01|db01) [\w()-]+(\[\d+\])?: ")
        assert all(pattern.match(line) for line in lines(STORY, "--header", "rfc3164"))

    def test_rfc5424(self) -> None:
        pattern = re.compile(r"<\d+>1 2026-03-17T09:\d\d:\d\d\.\d{6}Z (web01|db01) [\w()-]+ (\d+|-) - - ")
        assert all(pattern.match(line) for line in lines(STORY, "--header", "rfc5424"))

    @pytest.mark.parametrize("header", ["iso", "rfc3164", "rfc5424"])
    def test_what_is_read_is_the_same(self, header: str) -> None:
        def read(header: str) -> list[tuple[str, object, object]]:
            raw = [line.encode() for line in lines(STORY, "--header", header)]
            now = int(START.timestamp() * 1_000_000)
            events = Decoder("made", tz=UTC).decode(Chunk("made", 0, raw, {}, now=now, live=False))
            return [
                (e.message.strip(), e.fields.get("event.action"), e.fields.get("user.name")) for e in events
            ]

        assert read(header) == read("iso")

    def test_logs_that_are_not_syslog_keep_their_form(self) -> None:
        found = [line for line in lines(TWO_LOGS, "--header", "rfc3164") if "type=" in line]
        assert found
        assert all(
            re.match(r"node=web01 type=[A-Z_]+ msg=audit\(17737\d{5}\.\d{3}:\d+\): ", line) for line in found
        )


class TestNoise:
    def test_without_noise_only_the_story(self) -> None:
        plain = list(play(stories()[STORY], noise=0))
        assert {step.label for step in plain} == {"guessing", "break_in"}

    def test_twice_the_noise_is_more_lines_and_the_same_attack(self) -> None:
        def counted(noise: float) -> tuple[int, int]:
            told = list(play(stories()[STORY], noise=noise))
            attack = sum(step.label in ("guessing", "break_in") for step in told)
            return attack, len(told) - attack

        assert counted(1)[0] == counted(3)[0]
        assert counted(3)[1] > 1.5 * counted(1)[1]

    def test_the_background_goes_on_with_other_strangers(self) -> None:
        told = list(islice(tell([stories()[STORY]], on=True), 3000))
        assert all(one.at_seconds <= other.at_seconds for one, other in pairwise(told))
        later = [one for one in told if one.at_seconds > 601]
        assert {one.step.label for one in later} <= {"noise", "internet"}
        addresses = re.findall(
            r"from (198\.1[89]\.\d+\.\d+) port \d+ ssh2$", "\n".join(o.step.line for o in later), re.MULTILINE
        )
        assert len(addresses) > 30
        assert len(set(addresses)) == len(addresses)

    def test_a_dense_background_keeps_to_the_rate(self) -> None:
        told = list(islice(tell([stories()[STORY]], on=True, density=200.0), 60_000))
        later = [one.at_seconds for one in told if one.at_seconds > 601]
        assert len(later) / (later[-1] - later[0]) == pytest.approx(200, rel=0.1)


class TestPace:
    def test_rates(self) -> None:
        assert rate_of("50") == rate_of("50/s") == Rate(lines=50)
        assert rate_of("30/m") == Rate(lines=0.5)
        assert rate_of("60X") == Rate(speed=60)
        for wrong in ("", "0", "0x", "-1", "fast", "1/d", "1e3", "x2"):
            with pytest.raises(ValueError, match="no rate"):
                rate_of(wrong)

    def test_when_lines_are_due(self) -> None:
        assert [Rate(lines=4).due(n, 99.0) for n in range(3)] == [0.0, 0.25, 0.5]
        assert Rate(speed=2).due(7, 30.0) == 15.0
        assert Rate().due(7, 30.0) == 0.0

    def _sent(
        self, rate: Rate, moments: list[float], costs: dict[int, float], stop: int = -1
    ) -> list[object]:
        """What happens, in order: lines, flushes and waits; writing line n takes `costs[n]` seconds."""
        said: list[object] = []
        now = 1000.0
        number = 0

        def put(told: Told) -> None:
            nonlocal now, number
            said.append(told.step.line)
            now += costs.get(number, 0.0)
            number += 1

        def sleep(seconds: float) -> None:
            nonlocal now
            said.append(round(seconds, 6))
            now += seconds

        told = [Told(at, Step(f"l{n}", at, "x"), stories()[STORY]) for n, at in enumerate(moments)]
        flush = partial(said.append, "flush")
        send(told, put, flush, rate, clock=lambda: now, sleep=sleep, ended=lambda: number == stop)
        return said

    def test_lines_a_second(self) -> None:
        assert self._sent(Rate(lines=2), [0, 50, 60], {}) == ["l0", "flush", 0.5, "l1", "flush", 0.5, "l2"]

    def test_as_it_happened_from_the_first_line_on(self) -> None:
        assert self._sent(Rate(speed=10), [40, 45, 65], {}) == ["l0", "flush", 0.5, "l1", "flush", 2.0, "l2"]

    def test_time_lost_is_made_up(self) -> None:
        assert self._sent(Rate(lines=1), [0, 0, 0, 0], {1: 1.7}) == [
            "l0", "flush", 1.0, "l1", "l2", "flush", 0.3, "l3",
        ]  # fmt: skip

    def test_who_has_had_enough_gets_no_more(self) -> None:
        assert self._sent(Rate(lines=1), [0, 0, 0], {}, stop=1) == ["l0", "flush", 1.0]
        assert self._sent(Rate(), [0, 0, 0], {}, stop=2) == ["l0", "l1"]

    def test_without_a_rate_nothing_waits(self) -> None:
        assert self._sent(Rate(), [0, 100], {}) == ["l0", "l1"]


class TestHowLong:
    def test_to_the_storys_end(self) -> None:
        assert len(lines(STORY)) == len(list(play(stories()[STORY])))

    def test_shorter(self) -> None:
        found = lines(STORY, "--duration", "2m")
        assert found == lines(STORY)[: len(found)]
        assert found[-1] < "2026-03-17T09:14:01"

    def test_longer(self) -> None:
        found = lines(STORY, "--duration", "1h")
        assert found[: len(lines(STORY))] == lines(STORY)
        assert "2026-03-17T10:11:00" < found[-1] < "2026-03-17T10:12:01"

    def test_several_one_after_the_other(self) -> None:
        found = lines("brute_force_fail", STORY)
        stamps = [line.split(" ", 1)[0] for line in found]
        assert stamps == sorted(stamps)
        assert found[: len(lines("brute_force_fail"))] == lines("brute_force_fail")
        assert any("203.0.113.21" in line for line in found)

    def test_a_rate_and_a_duration_say_how_many(self) -> None:
        assert len(lines(STORY, "--rate", "40000/s", "--duration", "100ms")) == 4000


class TestTruth:
    def test_lines_of_one_stream(self, tmp_path: Path) -> None:
        found = lines(TWO_LOGS, "--truth", tmp_path / "t.yml")
        truth = yaml.safe_load((tmp_path / "t.yml").read_text())
        assert truth["files"] == {"stdout": len(found)}
        text = next(step["lines"]["stdout"] for step in truth["steps"] if step["label"] == "calls_home")
        low, high = text.split("-")
        assert (
            "dev/tcp"
            in bytes.fromhex(
                re.findall("argc=3 .*a2=([0-9A-F]+)", "\n".join(found[int(low) - 1 : int(high)]))[0]
            ).decode()
        )

    def test_several_stories_in_one_file(self, tmp_path: Path) -> None:
        out = tmp_path / "all.log"
        lines("firewall_off", STORY, "--to", out, "--truth", tmp_path / "t.yml")
        documents = list(yaml.safe_load_all((tmp_path / "t.yml").read_text()))
        written = out.read_text().splitlines()
        assert [one["story"] for one in documents] == ["firewall_off", STORY]
        assert sum(one["files"]["all.log"] for one in documents) == len(written)
        step = next(step for step in documents[1]["steps"] if step["label"] == "break_in")
        first = int(re.split("[-,]", step["lines"]["all.log"])[0])
        assert "Accepted password for alice from 203.0.113.21" in written[first - 1]

    def test_a_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        assert "no such file" in refused(STORY, "--truth", tmp_path / "no" / "t.yml").lower()


class TestWhatIsSaid:
    def test_counts_at_the_end(self) -> None:
        said = generate(STORY).stderr.splitlines()
        number = len(list(play(stories()[STORY])))
        assert said[0] == f"lines   {number} to standard output: {number} of {STORY}"
        assert said[1] == "alerts  brute_force, brute_force_user, success_after_brute_force due"
        assert said[2].startswith("time    ")

    def test_the_list(self) -> None:
        found = generate("--list").stdout
        assert all(name in found for name in stories())
        rows = [json.loads(line) for line in generate("--list", "--json").stdout.splitlines()]
        assert [row["story"] for row in rows] == list(stories())
        twin = next(row for row in rows if row["story"] == "rotated_key")
        assert twin["twin_of"] == "brute_force_success"

    def test_mistakes(self) -> None:
        assert "no story is called nothing" in refused("nothing")
        assert "--rate: fast is no rate" in refused("--rate", "fast")
        assert "--duration: long is no time" in refused("--duration", "long")
        assert "--start: soon is neither now nor" in refused("--start", "soon")

    def test_a_full_disk_is_one_line(self) -> None:
        told = subprocess.run(
            [sys.executable, "-m", "socterm", "generate", STORY, "--to", "/dev/full", "--force"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (told.returncode, told.stdout) == (3, "")
        assert [line.partition(" (after")[0] for line in told.stderr.splitlines()] == [
            "socterm: full: no space left on device"
        ]

    def test_ctrl_c_ends_it_in_order(self, tmp_path: Path) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            truth = tmp_path / f"{number}.yml"
            with subprocess.Popen(
                [sys.executable, "-m", "socterm", "generate", STORY, "--rate", "200/s",
                 "--duration", "forever", "--truth", str(truth)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
            ) as running:  # fmt: skip
                assert running.stdout is not None
                assert running.stderr is not None
                first = running.stdout.readline()
                running.send_signal(number)
                rest = running.stdout.read()  # not communicate: it would lose what readline read ahead
                said = running.stderr.read()
            assert running.returncode == 130
            count = len((first + rest).splitlines())
            assert f"lines   {count} to standard output (interrupted)" in said
            assert "Traceback" not in said
            assert yaml.safe_load(truth.read_text())["files"] == {"stdout": count}
