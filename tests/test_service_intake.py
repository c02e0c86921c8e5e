"""Logs over HTTP, by real requests to a real socket: who may, how much, what is told, and what is stored."""

from __future__ import annotations

import gc
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from socterm.errors import StoreFullError
from socterm.service.intake.body import Limits
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from tests.e2e.road import until
from tests.service_scene import code

from intake_scene import LINE, Intake, bomb, ndjson

INGEST = "/api/v1/logs/ingest"
NDJSON = {"Content-Type": "application/x-ndjson"}
TEXT = {"Content-Type": "text/plain"}
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with Intake(tmp_path / "s.db") as made:
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    """One for all that is refused."""
    with Intake(tmp_path_factory.mktemp("lasting") / "s.db") as made:
        yield made


@pytest.fixture
def client(intake: Intake) -> Iterator[httpx.Client]:
    with intake.client() as made:
        yield made


def told(response: httpx.Response, status: int = 202) -> dict[str, Any]:
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()
    return found


# -- what is taken


@pytest.mark.parametrize("path", [INGEST, "/api/v1/logs"])
@pytest.mark.parametrize(
    ("body", "headers", "lines"),
    [
        (b'{"a": 1}', {"Content-Type": "application/json"}, ['{"a": 1}']),
        (b'[{"a": 1}, "b"]', {"Content-Type": "application/json; charset=UTF-8"}, ['{"a": 1}', "b"]),
        (b'{"a":1}\n{"b":2}\n', NDJSON, ['{"a":1}', '{"b":2}']),
        (LINE.encode() + b"\n\nx\n", TEXT, [LINE, "x"]),
        (b'{"Records":[{"a":1},{"b":2}]}', {"Content-Type": "application/json"}, ['{"a":1}', '{"b":2}']),
    ],
)
def test_records_are_stored_before_the_answer(
    intake: Intake, client: httpx.Client, path: str, body: bytes, headers: dict[str, str], lines: list[str]
) -> None:
    answer = client.post(path, content=body, headers=headers)
    assert intake.lines() == lines
    assert told(answer) == {"accepted": len(lines), "rejected": 0, "errors": []}
    assert [row.name for row in intake.store.triage.sources()] == ["http:web"]


def test_bad_records_are_named_by_index_and_the_good_ones_kept(intake: Intake, client: httpx.Client) -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    body = b"\n".join((b'{"a":1}', b'{"a":', b"17", deep, b'"text"'))
    answer = told(client.post(INGEST, content=body, headers=NDJSON))
    assert (answer["accepted"], answer["rejected"]) == (2, 3)
    assert [error["index"] for error in answer["errors"]] == [1, 2, 3]
    assert intake.lines() == ['{"a":1}', "text"]
    assert intake.drops() == {"rejected": 3}


def test_each_token_is_a_source_of_its_own(intake: Intake, client: httpx.Client) -> None:
    other = {"Authorization": f"Bearer {intake.token(name='db')}"}
    told(client.post(INGEST, json={"a": 1}))
    told(client.post(INGEST, json={"b": 1}, headers=other))
    told(client.post(INGEST, json={"b": 2}, headers=other))
    assert {row.name: row.lines for row in intake.store.triage.sources()} == {"http:web": 1, "http:db": 2}


def test_packed_bodies(intake: Intake, client: httpx.Client) -> None:
    import gzip

    body = gzip.compress(ndjson(*({"n": number} for number in range(3_000))))
    assert told(client.post(INGEST, content=body, headers=NDJSON | GZIP))["accepted"] == 3_000
    assert intake.count() == 3_000


# -- who may, and how much


def test_who_may_not_is_refused_and_nothing_is_read(intake: Intake) -> None:
    with httpx.Client(base_url=intake.url, trust_env=False) as nobody:
        assert code(nobody.post(INGEST, json={"a": 1})) == "unauthorised"
        wrong = nobody.post(INGEST, json={"a": 1}, headers={"Authorization": "Bearer socterm_wrong"})
        assert (wrong.status_code, code(wrong)) == (401, "unauthorised")
        for scope in ("read", "triage", "admin"):
            headers = {"Authorization": f"Bearer {intake.token(scope)}"}
            refused = nobody.post(INGEST, json={"a": 1}, headers=headers)
            assert (refused.status_code, code(refused)) == (403, "scope")
    assert intake.count() == 0


@pytest.mark.parametrize(
    ("body", "headers", "status", "what"),
    [
        (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "media_type"),
        (b"{}", {}, 415, "media_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "media_type"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "br"}, 415, "coding"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 400, "coding"),
        (b" \n\n", NDJSON, 400, "empty"),
        (b"", NDJSON, 400, "empty"),
        (b"{}", NDJSON | {"Idempotency-Key": "x" * 201}, 400, "key"),
        (b"{}\n" * 10_001, NDJSON, 413, "too_many"),
        (b"x" * ((5 << 20) + 1), TEXT, 413, "too_large"),
        (bomb(30 << 20), TEXT | GZIP, 413, "too_large"),
        (bomb(100 << 20), NDJSON | GZIP, 413, "too_large"),
    ],
    ids=lambda value: (
        f"{len(value)} bytes" if isinstance(value, bytes) else None if isinstance(value, dict) else str(value)
    ),
)
def test_what_cannot_be_taken_is_told_and_nothing_stored(
    lasting: Intake, body: bytes, headers: dict[str, str], status: int, what: str
) -> None:
    bearer = {"Authorization": f"Bearer {lasting.token()}"}
    refused = httpx.post(lasting.url + INGEST, content=body, headers=headers | bearer, trust_env=False)
    assert (refused.status_code, code(refused)) == (status, what)
    assert lasting.count() == 0


def test_a_hundred_megabytes_are_refused_on_the_way(intake: Intake) -> None:
    """Without a length, so that only what is read tells; the service asks for no more than its limit."""
    sent = 0
    with socket.create_connection(("127.0.0.1", intake.port)) as peer:
        peer.sendall(_head(intake, "Transfer-Encoding: chunked"))
        block = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        try:
            while sent < 100 << 20:
                peer.sendall(block)
                sent += 65_536
        except OSError:
            pass  # the service has closed the connection
    assert sent < 100 << 20
    assert intake.count() == 0
    with intake.client() as client:
        assert told(client.post(INGEST, json={"a": 1}))["accepted"] == 1


def _head(intake: Intake, *more: str) -> bytes:
    return "\r\n".join(
        (
            f"POST {INGEST} HTTP/1.1", f"Host: 127.0.0.1:{intake.port}", "Content-Type: text/plain",
            f"Authorization: Bearer {intake.token()}", *more, "", "",
        )
    ).encode()  # fmt: skip


def test_who_leaves_in_the_middle_leaves_nothing_behind(intake: Intake, client: httpx.Client) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", intake.port)) as peer:
            peer.sendall(_head(intake, "Content-Length: 100000") + b"line\n" * 1000)
    told(client.post(INGEST, json={"a": 1}))
    assert intake.lines() == ['{"a":1}']
    assert intake.hub.room.held == 0


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", limits=Limits(seconds=0.2)) as intake:
        with socket.create_connection(("127.0.0.1", intake.port), timeout=60) as peer:
            peer.sendall(_head(intake, "Content-Length: 1000") + b"line\n")
            answer = b""
            while block := peer.recv(65_536):
                answer += block
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()
        assert intake.count() == 0


def test_bodies_that_are_read_have_a_bound_together(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", limits=Limits(bodies=2000)) as intake, intake.client() as client:
        refused = client.post(INGEST, content=b"x" * 1001, headers=TEXT)
        assert (refused.status_code, code(refused)) == (429, "busy")
        assert refused.headers["retry-after"] == "1"
        for _ in range(2):
            assert told(client.post(INGEST, content=b"x" * 1000, headers=TEXT))["accepted"] == 1


# -- a queue that is full, a store that takes nothing


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", queue=1000) as intake, intake.client() as client:
        refused = client.post(INGEST, content=b"x\n" * 100, headers=TEXT)
        assert (refused.status_code, code(refused)) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) > 0
        assert told(client.post(INGEST, content=b"x\n" * 10, headers=TEXT))["accepted"] == 10
        assert intake.drops() == {"refused: queue full": 100}


@pytest.mark.parametrize(
    ("body", "queue", "status"),
    [
        (b"x\n" * 500_000, 1000, 413),
        (b"y" * 1_000_000, 1000, 429),
        (b"y" * 1_000_000, 64 << 20, 202),
    ],
    ids=["too many", "queue full", "stored"],
)
def test_a_body_is_not_kept_until_garbage_is_collected(
    tmp_path: Path, body: bytes, queue: int, status: int
) -> None:
    """Rounds of the collector are rare in a service, and bodies are large."""
    with Intake(tmp_path / "s.db", queue=queue) as intake, intake.client() as client:
        assert client.post(INGEST, content=body, headers=TEXT).status_code == status
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            answers = [client.post(INGEST, content=body, headers=TEXT).status_code for _ in range(10)]
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
        assert answers == [status] * 10
        assert held < 5 * len(body)


def test_a_store_that_takes_nothing_is_told_in_bounded_time_and_nothing_comes_later(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", ingest=False, limits=Limits(wait=0.2)) as intake:
        with intake.client() as client:
            refused = client.post(INGEST, json={"a": 1})
            assert (refused.status_code, code(refused)) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) > 0
        assert intake.hub.room.held == 0
        assert intake.hub.source("web").read(9) is None


class Disk:
    """A writer whose disk is full for as long as a test says so."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.full = True

    def commit(self, batch: Batch) -> None:
        if self.full and batch.events:
            raise StoreFullError("the disk is full")
        self.writer.commit(batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.writer, name)


def test_a_full_disk_is_told_in_bounded_time_and_a_key_makes_trying_again_safe(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k"}
    with Intake(tmp_path / "s.db", limits=Limits(wait=0.2), disk=Disk) as intake, intake.client() as client:
        for _ in range(2):
            refused = client.post(INGEST, json={"a": 1}, headers=headers)
            assert (refused.status_code, code(refused)) == (503, "unavailable")
        intake.writer.full = False
        statuses: list[int] = []
        until(
            lambda: (
                statuses.append(client.post(INGEST, json={"a": 1}, headers=headers).status_code)
                or statuses[-1] == 202
            ),
            "the answer",
        )
        assert set(statuses) <= {202, 503}
        assert intake.lines() == ['{"a":1}']


def test_an_ingest_that_ended_takes_nothing(intake: Intake, client: httpx.Client) -> None:
    told(client.post(INGEST, json={"a": 1}))
    intake.end()
    refused = client.post(INGEST, json={"a": 2})
    assert (refused.status_code, code(refused)) == (503, "unavailable")
    assert intake.lines() == ['{"a":1}']


# -- sent again


def test_a_request_sent_again_is_stored_once_and_answered_the_same(
    intake: Intake, client: httpx.Client
) -> None:
    headers = NDJSON | {"Idempotency-Key": "batch-1"}
    body = b'{"a":1}\nbad\n{"b":2}'
    first, again = (client.post(INGEST, content=body, headers=headers) for _ in range(2))
    assert told(first)["accepted"] == 2
    assert again.content == first.content
    assert (first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")) == (
        None,
        "true",
    )
    assert intake.count() == 2
    assert intake.drops() == {"rejected": 1}


def test_a_key_stands_for_one_body_and_one_sender(intake: Intake, client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    told(client.post(INGEST, json={"a": 1}, headers=headers))
    refused = client.post(INGEST, json={"a": 2}, headers=headers)
    assert (refused.status_code, code(refused)) == (422, "key")
    other = {"Authorization": f"Bearer {intake.token(name='db')}"}
    assert told(client.post(INGEST, json={"a": 2}, headers=headers | other))["accepted"] == 1
    assert intake.count() == 2


def test_who_repeats_a_request_that_is_under_way_waits_with_it(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db") as intake, intake.client(**{"Idempotency-Key": "k"}) as client:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: client.post(INGEST, json={"a": 1}), range(20)))
        assert {told(answer)["accepted"] for answer in answers} == {1}
        assert intake.count() == 1


def test_killed_between_commit_and_answer_a_request_is_not_doubled(tmp_path: Path) -> None:
    """A process that dies once the lines are in the file, before it can say so."""
    path = tmp_path / "s.db"
    headers = NDJSON | {"Idempotency-Key": "batch-1"}
    body = ndjson(*({"n": number} for number in range(5_000)))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.intake_scene", str(path)], cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "tests"},
    )  # fmt: skip
    assert child.stdout is not None
    told_us = json.loads(child.stdout.readline())
    bearer = {"Authorization": f"Bearer {told_us['token']}"}
    with pytest.raises(httpx.HTTPError):
        httpx.post(told_us["url"] + INGEST, content=body, headers=headers | bearer, trust_env=False)
    assert child.wait(30) == -9
    child.communicate()
    with Intake(path) as intake:
        assert intake.count() == 5_000
        bearer = {"Authorization": f"Bearer {told_us['token']}"}
        with httpx.Client(base_url=intake.url, headers=bearer, timeout=60, trust_env=False) as client:
            again = client.post(INGEST, content=body, headers=headers)
            assert told(again) == {"accepted": 5_000, "rejected": 0, "errors": []}
            assert again.headers["idempotency-replayed"] == "true"
            assert intake.count() == 5_000
            told(client.post(INGEST, json={"n": 5_000}))
        assert intake.count() == 5_001


# -- many at once


def test_two_hundred_clients_at_once_and_the_counts_add_up(intake: Intake) -> None:
    bearers = [{"Authorization": f"Bearer {intake.token(name=f'host{number}')}"} for number in range(4)]
    gate = threading.Barrier(200)

    def send(number: int) -> tuple[int, int]:
        body = b"\n".join([*(b'{"n":%d}' % record for record in range(number % 7 + 1)), b"bad"])
        connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=60)
        gate.wait(60)
        connection.request("POST", INGEST, body, NDJSON | bearers[number % 4])
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        assert response.status == 202
        return answer["accepted"], answer["rejected"]

    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(send, range(200)))
    accepted = sum(one for one, _ in answers)
    assert accepted == sum(number % 7 + 1 for number in range(200))
    assert intake.count() == accepted
    assert sum(row.lines for row in intake.store.triage.sources()) == accepted
    assert sum(sum(intake.drops(f"http:host{number}").values()) for number in range(4)) == 200
