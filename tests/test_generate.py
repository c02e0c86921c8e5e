"""`socterm generate`: the same bytes each time, when they are due, wherever a person wants them."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from socterm.assets import rules_dir
from socterm.cli import cli
from socterm.demo import DEFAULT, START, Rate, Step, Told, play, rate_of, send, stories, tell
from socterm.event import Chunk
from socterm.parsers import Decoder
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

STORY = "brute_force_success"
TWO_LOGS = "reverse_shell"


def generate(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["generate", *map(str, arguments)])


def lines(*arguments: object) -> list[str]:
    result = generate(*arguments)
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout.split("\n")[:-1]  # auditd has \x1d inside lines


def refused(*arguments: object) -> str:
    """The one line that says what is wrong."""
    result = generate(*arguments)
    assert result.exit_code != 0
    assert result.exception is not None
    said = str(result.exception)
    if isinstance(result.exception, SystemExit):
        said = result.stderr
    assert "\n" not in said.strip()
    return said


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
        assert before - timedelta(seconds=2) <= last <= datetime.now(UTC) + timedelta(seconds=2)


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


class TestFiles:
    def test_a_file_that_is_there_is_not_lost(self, tmp_path: Path) -> None:
        out = tmp_path / "auth.log"
        out.write_text("mine\n")
        assert "--append adds to it, --force replaces it" in refused(STORY, "--to", out)
        assert out.read_text() == "mine\n"
        lines(STORY, "--to", out, "--append")
        assert out.read_text().splitlines() == ["mine", *lines(STORY)]
        lines(STORY, "--to", out, "--force")
        assert out.read_text().splitlines() == lines(STORY)

    def test_a_folder_has_a_file_for_each_log(self, tmp_path: Path) -> None:
        lines(TWO_LOGS, "--to", f"{tmp_path}/new/", "--truth", tmp_path / "t.yml")
        written = {path.name: path.read_text().split("\n")[:-1] for path in (tmp_path / "new").iterdir()}
        assert set(written) == {"reverse_shell.auth.log", "reverse_shell.audit.log"}
        assert all(line.startswith("node=") for line in written["reverse_shell.audit.log"])
        truth = yaml.safe_load((tmp_path / "t.yml").read_text())
        assert truth["files"] == {name: len(found) for name, found in written.items()}

    def test_a_folder_of_several_stories(self, tmp_path: Path) -> None:
        lines(TWO_LOGS, STORY, "--to", tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"auth.log", "audit.log"}

    def test_a_folder_that_is_none(self) -> None:
        assert refused(STORY, "--to", "/nonexistent/there/x.log").endswith("no such file or directory")

    def test_a_reader_that_leaves(self) -> None:
        made = subprocess.run(
            f"{sys.executable} -m socterm generate --duration 30h | head -n 1",
            shell=True, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert len(made.stdout.splitlines()) == 1
        assert made.stderr == ""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def _taken(server: socket.socket) -> tuple[threading.Thread, list[bytes]]:
    """Everything one client sends until it ends."""
    got: list[bytes] = []

    def take() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            got.append(stream.read())

    thread = threading.Thread(target=take)
    thread.start()
    return thread, got


class TestServers:
    def test_udp(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            server.bind(("127.0.0.1", 0))
            server.settimeout(10)
            url = f"udp://127.0.0.1:{server.getsockname()[1]}"
            lines(TWO_LOGS, "--start", START.isoformat(), "--noise", 0, "--to", url)
            wanted = list(play(stories()[TWO_LOGS], noise=0))
            got = [server.recv(65536).decode() for _ in wanted]
        assert got == [(f"<{step.priority}>" if step.priority >= 0 else "") + step.line for step in wanted]

    def test_syslog_gets_the_priority_of_its_program(self) -> None:
        told = {step.line.split(" ")[2].split("[")[0]: step.priority for step in play(stories()[STORY])}
        assert told["sshd"] == 10 * 8 + 6
        assert told["CRON"] == 9 * 8 + 6
        assert told["systemd"] == 3 * 8 + 6
        sent = [step.line for step in play(stories()[STORY], header="rfc5424")]
        assert all(re.match(r"<(78|86|30|38|14)>1 ", line) for line in sent)

    def test_tcp_lines(self, listener: socket.socket) -> None:
        thread, got = _taken(listener)
        lines(STORY, "--start", START.isoformat(), "--to", f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(20)
        assert got[0].decode().splitlines() == [f"<{s.priority}>{s.line}" for s in play(stories()[STORY])]

    def test_tcp_octets(self, listener: socket.socket) -> None:
        thread, got = _taken(listener)
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        lines(STORY, "--start", START.isoformat(), "--header", "rfc5424", "--octets", "--to", url)
        thread.join(20)
        rest, found = got[0], []
        while rest:
            length, _, rest = rest.partition(b" ")
            found.append(rest[: int(length)].decode())
            rest = rest[int(length) :]
        assert found == [step.line for step in play(stories()[STORY], header="rfc5424")]

    def test_nobody_listens(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        listener.close()
        for scheme in ("tcp", "udp", "http"):
            said = refused(STORY, "--to", f"{scheme}://127.0.0.1:{port}")
            assert said.startswith(
                f"{scheme}://127.0.0.1:{port}: connection refused; does anybody listen there?"
            )

    @pytest.mark.parametrize(
        ("to", "said"),
        [
            ("ftp://127.0.0.1:1", "ftp:// is none of udp://, tcp://, http://, https://"),
            ("udp://127.0.0.1", "name host and port, as in udp://127.0.0.1:5514"),
            ("tcp://:5514", "name host and port"),
            ("tcp://127.0.0.1:99999", "--to tcp://127.0.0.1:99999: "),
            ("tcp://no-such-host.invalid:514", "tcp://no-such-host.invalid:514: "),
        ],
    )
    def test_no_destination(self, to: str, said: str) -> None:
        assert said in refused(STORY, "--to", to)

    def test_options_that_do_not_go_together(self) -> None:
        assert "--octets is for tcp://" in refused(STORY, "--to", "udp://127.0.0.1:9", "--octets")
        assert "are for files" in refused(STORY, "--to", "tcp://127.0.0.1:9", "--append")


class _Web(http.server.ThreadingHTTPServer):
    """Takes batches; answers `status`, and closes the connection after each where `leaves`."""

    def __init__(self, status: int = 200, *, leaves: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.status = status
        self.leaves = leaves
        self.bodies: list[bytes] = []
        self.heads: list[tuple[str, str | None]] = []
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/ingest?from=test"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class _Taking(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Web

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heads.append((self.path, self.headers["Content-Type"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = self.server.leaves

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(params=[False, True], ids=["kept", "closed"])
def web(request: pytest.FixtureRequest) -> Iterator[_Web]:
    server = _Web(leaves=request.param)
    yield server
    server.stop()


class TestHttp:
    def test_batches_of_objects(self, web: _Web) -> None:
        lines(DEFAULT, "--start", START.isoformat(), "--to", web.url)
        found = [json.loads(line) for body in web.bodies for line in body.splitlines()]
        assert [one["message"] for one in found] == [step.line for step in play(stories()[DEFAULT])]
        assert {one["log.file.path"] for one in found} == {"auth.log"}
        assert len(web.bodies) == 2
        assert set(web.heads) == {("/ingest?from=test", "application/x-ndjson")}

    def test_a_server_that_says_no(self) -> None:
        server = _Web(503)
        try:
            said = refused(DEFAULT, "--to", server.url)
        finally:
            server.stop()
        assert "the server answered 503 Service Unavailable (after 499 lines)" in said

    def test_something_that_speaks_no_http(self, listener: socket.socket) -> None:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ESMTP\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        said = refused(STORY, "--to", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(20)
        assert "no proper HTTP answer (220 mail.example.com ESMTP" in said


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

    def test_ctrl_c_ends_it_in_order(self, tmp_path: Path) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            truth = tmp_path / f"{number}.yml"
            with subprocess.Popen(
                [sys.executable, "-m", "socterm", "generate", STORY, "--rate", "200/s",
                 "--duration", "forever", "--truth", str(truth)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
            ) as running:  # fmt: skip
                assert running.stdout is not None
                first = running.stdout.readline()
                running.send_signal(number)
                rest, said = running.communicate(timeout=20)
            assert running.returncode == 130
            count = len((first + rest).splitlines())
            assert f"lines   {count} to standard output (interrupted)" in said
            assert "Traceback" not in said
            assert yaml.safe_load(truth.read_text())["files"] == {"stdout": count}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules([rules_dir()])


@pytest.mark.parametrize(
    "name", sorted({story.noise: story.name for story in stories().values() if story.noise}.values())
)
@pytest.mark.parametrize("factor", [1.0, 12.0])
def test_background_stays_background(name: str, factor: float, rules: RuleSet) -> None:
    """Without its attack, a few turns of it raise nothing of medium or higher, however busy it is."""
    story = stories()[name]._replace(chapters=())
    detector = Detector(rules)
    decoders = {log.name: Decoder(log.name, tz=UTC) for log in story.logs}
    ident = 0
    for told in islice(tell([story], noise=factor, on=True), 9000):
        chunk = Chunk(told.step.log, ident, [told.step.line.encode()], {}, now=0, live=False)
        for event in decoders[told.step.log].decode(chunk):
            ident += 1
            event.id = ident
            detector.feed(told.step.log, [event])
    detector.flush()
    raised = {rules.rules[change.rule].name: change.entity for change in detector.collect()
              if rules.rules[change.rule].info.level in ("medium", "high", "critical")}  # fmt: skip
    assert not raised
