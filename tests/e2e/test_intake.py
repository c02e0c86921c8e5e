"""Logs over HTTP as others send them: curl, and systemd-journal-upload with real journal files."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from socterm.cli.certificates import make_ca, make_client, make_server
from tests.intake_scene import Intake, bomb, ndjson
from tests.test_service_upload import NAME, exported, numbers

pytestmark = pytest.mark.e2e

REMOTE = "/usr/lib/systemd/systemd-journal-remote"
UPLOAD = "/usr/lib/systemd/systemd-journal-upload"


class Curl:
    """curl, to one service."""

    def __init__(self, intake: Intake, folder: Path) -> None:
        self.intake = intake
        self.folder = folder

    def __call__(
        self, data: bytes, *options: str, token: str | None = None, form: str = "application/x-ndjson"
    ) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        body, answer = self.folder / "body", self.folder / "answer"
        body.write_bytes(data)
        answer.unlink(missing_ok=True)
        bearer = self.intake.token() if token is None else token
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "60", "--noproxy", "*",
             "--output", str(answer), "--write-out", "%{http_code}",
             "--header", f"Authorization: Bearer {bearer}",
             "--header", f"Content-Type: {form}", "--data-binary", f"@{body}", *options,
             f"{self.intake.url}/api/v1/logs/ingest"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return int(done.stdout), json.loads(answer.read_text())


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with Intake(tmp_path / "s.db") as made:
        yield made


@pytest.fixture
def curl(intake: Intake, tmp_path: Path) -> Curl:
    return Curl(intake, tmp_path)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def test_curl_sends_objects_arrays_lines_and_packed_ones(curl: Curl) -> None:
    assert curl(b'{"a": 1}', form="application/json") == (202, {"accepted": 1, "rejected": 0, "errors": []})
    assert curl(b'[{"a": 2}, "b"]', form="application/json")[1]["accepted"] == 2
    assert curl(b"one\ntwo\n", form="text/plain")[1]["accepted"] == 2
    packed = gzip.compress(ndjson({"c": 1}, {"c": 2}))
    assert curl(packed, "--header", "Content-Encoding: gzip")[1]["accepted"] == 2
    assert curl(b'{"d":1}', "--header", "Transfer-Encoding: chunked")[1]["accepted"] == 1
    assert curl(b'{"d":2}', "--header", "Expect: 100-continue")[1]["accepted"] == 1
    assert curl.intake.count() == 9


def test_curl_with_a_wrong_token_or_scope(curl: Curl) -> None:
    assert code(curl(b"{}", token="nobody")) == (401, "unauthorised")
    assert code(curl(b"{}", token=curl.intake.token("admin"))) == (403, "scope")
    assert curl.intake.count() == 0


def test_curl_with_a_hundred_megabytes_and_with_a_bomb(curl: Curl) -> None:
    assert code(curl(b'{"a":1}\n' * (100 << 17))) == (413, "too_large")
    assert code(curl(b'{"a":1}\n' * (100 << 17), "--header", "Expect:")) == (413, "too_large")
    packed = bomb(600 << 20)
    assert len(packed) < 1 << 20
    assert code(curl(packed, "--header", "Content-Encoding: gzip")) == (413, "too_large")
    assert curl.intake.count() == 0
    assert curl(b'{"a":1}')[0] == 202


def test_curl_with_malformed_lines(curl: Curl) -> None:
    status, answer = curl(b'{"a":1}\n{"b":\n\nnil\n{"c":3}\n')
    assert (status, answer["accepted"], answer["rejected"]) == (202, 2, 2)
    assert [error["index"] for error in answer["errors"]] == [1, 3]
    assert curl.intake.lines() == ['{"a":1}', '{"c":3}']


def test_curl_with_a_key_sent_again(curl: Curl) -> None:
    key = ("--header", "Idempotency-Key: night-7")
    assert curl(b'{"a":1}', *key) == curl(b'{"a":1}', *key)
    assert code(curl(b'{"a":2}', *key)) == (422, "key")
    assert curl.intake.lines() == ['{"a":1}']


def test_curl_meets_a_full_queue_and_its_own_retry_gets_through(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", queue=10_000) as intake:
        curl = Curl(intake, tmp_path)
        assert code(curl(b"x\n" * 200, form="text/plain")) == (429, "queue_full")
        assert curl(b"x\n" * 100, "--retry", "3", form="text/plain")[1]["accepted"] == 100
        assert intake.count() == 100


# -- systemd-journal-upload


def journal(path: Path, entries: Sequence[bytes]) -> None:
    """A journal file, as systemd makes it; the cursors it gives the entries are its own."""
    path.unlink(missing_ok=True)
    body = b"_BOOT_ID=0123456789abcdef0123456789abcdef\n_MACHINE_ID=%s\n__MONOTONIC_TIMESTAMP=%d\n"
    made = (body % (b"f" * 32, number + 1) + entry.split(b"\n", 1)[1] for number, entry in enumerate(entries))
    subprocess.run([REMOTE, "-o", str(path), "-"], input=b"".join(made), check=True, capture_output=True)


def upload(intake: Intake, file: Path, *options: str) -> int:
    """Send what is new in a file; the client's exit code. Its cursor stands in a file beside it."""
    done = subprocess.run(
        [UPLOAD, "--url", intake.url, "--file", str(file), "--follow=no",
         f"--save-state={file.with_suffix('.state')}", *options],
        check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.returncode


def cursor(file: Path) -> str:
    state = file.with_suffix(".state")
    return state.read_text() if state.exists() else ""


def test_a_journal_is_uploaded_and_nothing_is_doubled_when_it_is_sent_again(tmp_path: Path) -> None:
    file, store = tmp_path / "t.journal", tmp_path / "s.db"
    journal(file, exported(*range(1, 2_001)))
    with Intake(store) as intake:
        assert upload(intake, file) == 0
        assert numbers_of(intake) == list(range(1, 2_001))
        assert upload(intake, file) == 0
        assert intake.count() == 2_000
        assert intake.drops(NAME) == {"duplicate": 1}
        file.with_suffix(".state").unlink()
        assert upload(intake, file) == 0
        assert intake.count() == 2_000
    with Intake(store) as intake:
        assert upload(intake, file) == 0
        assert intake.count() == 2_000


def test_while_nothing_is_stored_the_client_stops_and_goes_on_later_from_its_cursor(tmp_path: Path) -> None:
    one, two = tmp_path / "one.journal", tmp_path / "two.journal"
    journal(one, exported(1, 2))
    journal(two, exported(3, 4))
    with Intake(tmp_path / "s.db") as intake:
        assert upload(intake, one) == 0
        told = cursor(one)
        assert "LAST_CURSOR" in told
        intake.end()
        assert upload(intake, one) == 1
        assert upload(intake, two) == 1
        assert (cursor(one), cursor(two)) == (told, "")
        assert numbers(intake) == [1, 2]
    with Intake(tmp_path / "s.db") as intake:
        assert upload(intake, two) == 0
        assert upload(intake, one) == 0
        assert numbers(intake) == [1, 2, 3, 4]


def test_over_tls_the_certificate_names_the_machine(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ca, files = make_ca(now), {}
    server, client = make_server(ca, ["127.0.0.1"], now, 30), make_client(ca, "web01", now, 30)
    pairs = {"ca": ca, "server": server, "web01": client}
    for name, pair in pairs.items():
        files[name] = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        files[name][0].write_bytes(pair.cert)
        files[name][1].write_bytes(pair.key)
        files[name][1].chmod(0o644)
    file = tmp_path / "t.journal"
    journal(file, exported(1, 2))
    shown = [f"--trust={files['ca'][0]}", f"--cert={files['web01'][0]}", f"--key={files['web01'][1]}"]
    with Intake(tmp_path / "s.db", tls=(*files["server"], files["ca"][0])) as intake:
        assert upload(intake, file, *shown) == 0
        assert {row.name: row.lines for row in intake.store.triage.sources()} == {"http:journal:web01": 2}


def numbers_of(intake: Intake) -> list[int]:
    """All of them, a page at a time."""
    found: list[int] = []
    after = 0
    while rows := intake.store.events.page(after=after, limit=1_000, oldest_first=True).rows:
        found += [int(json.loads(row.raw)["MESSAGE"].split()[1]) for row in rows]
        after = rows[-1].id
    return found
