"""`socterm serve` as a process of its own, killed and ended while others send: nothing is lost or doubled."""

from __future__ import annotations

import http.client
import json
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.road import socterm, until
from tests.e2e.serving import Serving

pytestmark = pytest.mark.e2e

SENDERS, BATCHES, RECORDS = 4, 25, 40
ANSWER = tuple[int, dict[str, object]]


def post(port: int, token: str, body: bytes, key: str) -> ANSWER:
    """Status and answer. Raises OSError or HTTPException where the process goes meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson",
        "Idempotency-Key": key,
    }  # fmt: skip
    with closing(connection):
        connection.request("POST", "/api/v1/logs/ingest", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def token(home: Path) -> str:
    return socterm("tokens", "add", "web", "--scope", "ingest", "--db", home / "s.db", home=home).strip()


def stored(home: Path) -> list[str]:
    """What the store holds of it, sorted."""
    with closing(sqlite3.connect(home / "s.db")) as db:
        return sorted(row[0] for row in db.execute("SELECT raw FROM events"))


class Sender(threading.Thread):
    """Sends batches one after the other, each under its own key until it is answered with 202."""

    def __init__(self, number: int, token: str, service: list[Serving]) -> None:
        super().__init__()
        self.lines = [
            [json.dumps({"sender": number, "batch": batch, "n": n}) for n in range(RECORDS)]
            for batch in range(BATCHES)
        ]
        self.answered = 0
        self.stop = False
        self._number, self._token, self._service = number, token, service

    def run(self) -> None:
        for batch, lines in enumerate(self.lines):
            body, key = "\n".join(lines).encode(), f"{self._number}-{batch}"
            self._until_answered(body, key)
            self.answered += 1

    def _until_answered(self, body: bytes, key: str) -> None:
        while not self.stop:
            try:
                status, answer = post(self._service[-1].port, self._token, body, key)
            except (OSError, http.client.HTTPException):
                threading.Event().wait(0.02)  # it was killed, or is not there yet
                continue
            if status == 202:
                assert answer["accepted"] == RECORDS
                return
            assert status in (429, 503), answer


def test_killed_and_ended_while_four_send_every_record_is_there_once(tmp_path: Path) -> None:
    secret = token(tmp_path)
    service = [Serving(tmp_path)]
    senders = [Sender(number, secret, service) for number in range(SENDERS)]
    try:
        for sender in senders:
            sender.start()
        for share, how, code in ((0.3, signal.SIGKILL, -signal.SIGKILL), (0.6, signal.SIGTERM, 0)):
            aim = int(SENDERS * BATCHES * share)
            until(lambda aim=aim: sum(sender.answered for sender in senders) >= aim, f"{aim} answers")
            assert service[-1].end(how) == code
            service.append(Serving(tmp_path))
        for sender in senders:
            sender.join(60)
            assert sender.answered == BATCHES
        assert service[-1].end(signal.SIGTERM) == 0
    finally:
        for sender in senders:
            sender.stop = True
        for process in service:
            process.process.kill()
            process.process.wait()
    assert stored(tmp_path) == sorted(line for sender in senders for batch in sender.lines for line in batch)
    socterm("db", "check", "--db", tmp_path / "s.db", home=tmp_path)
