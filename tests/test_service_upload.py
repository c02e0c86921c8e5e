"""Journals of other machines over a real socket: who may upload, what is kept, what a break leaves."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from socterm.service.intake.body import Limits
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.service_scene import code

from intake_scene import Intake

UPLOAD = "/upload"
HEADERS = {"Content-Type": "application/vnd.fdo.journal"}
NAME = "http:journal:localhost"


def exported(*numbers: int) -> list[bytes]:
    """Entries of one journal."""
    made = []
    for number in numbers:
        message = b"number %d\nof two lines" % number
        made.append(
            b"__CURSOR=s=%032x;i=%x;b=%032x;m=1;t=2;x=3\n__REALTIME_TIMESTAMP=%d\nPRIORITY=6\n_PID=7\n"
            b"SYSLOG_IDENTIFIER=sshd\nMESSAGE\n%s%s\n\n"
            % (9, number, 8, 1_795_168_800_000_000 + number, struct.pack("<Q", len(message)), message)
        )
    return made


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with Intake(tmp_path / "s.db") as made:
        yield made


def upload(intake: Intake, body: list[bytes], **headers: str) -> httpx.Response:
    """As the client does it: in chunks, without a length and without a token."""
    told = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(intake.url + UPLOAD, content=iter(body), headers=told, timeout=60, trust_env=False)


def numbers(intake: Intake) -> list[int]:
    return [int(json.loads(line)["MESSAGE"].split()[1]) for line in intake.lines()]


def test_entries_are_stored_before_the_answer_under_their_own_time(intake: Intake) -> None:
    assert upload(intake, exported(1, 2, 3)).status_code == 202
    assert numbers(intake) == [1, 2, 3]
    rows = intake.store.events.page(oldest_first=True).rows
    assert [row.ts for row in rows] == [1_795_168_800_000_001, 1_795_168_800_000_002, 1_795_168_800_000_003]
    assert rows[0].fields["process.name"] == "sshd"


def test_an_upload_of_many_portions_is_stored_whole(intake: Intake) -> None:
    assert upload(intake, exported(*range(1, 5_002))).status_code == 202
    assert intake.count() == 5_001


def test_what_is_sent_again_after_a_break_is_stored_once(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db") as intake:
        broken = upload(intake, [*exported(1, 2), b"no field\n"])
        assert (broken.status_code, code(broken)) == (400, "export")
        assert numbers(intake) == [1, 2]
        assert upload(intake, exported(1, 2, 3)).status_code == 202
    with Intake(tmp_path / "s.db") as intake:
        assert upload(intake, exported(3, 4)).status_code == 202
        assert numbers(intake) == [1, 2, 3, 4]
        assert intake.drops(NAME) == {"duplicate": 1}
        assert upload(intake, exported(3, 4)).status_code == 202
        assert numbers(intake) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_what_a_proxy_passes_on_does_not_come_from_here(intake: Intake, headers: dict[str, str]) -> None:
    refused = upload(intake, exported(1), **headers)
    assert (refused.status_code, code(refused)) == (403, "certificate")
    assert intake.count() == 0


def test_web_pages_cannot_upload(intake: Intake) -> None:
    assert upload(intake, exported(1), Origin="https://evil.example").status_code == 403
    own = upload(intake, exported(1), Origin=intake.url)
    assert (own.status_code, code(own)) == (403, "certificate")


def test_another_type_is_refused(intake: Intake) -> None:
    refused = upload(intake, exported(1), Content_Type="text/plain")
    assert (refused.status_code, code(refused)) == (415, "media_type")


class Certified:
    """Puts the name of a certificate where a server with TLS does."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = ("192.0.2.7", 4711)
        scope.setdefault("state", {})["certificate"] = self.name
        await self.app(scope, receive, send)


@pytest.mark.parametrize(
    ("name", "status"), [("web01.example", 202), ("", 403), ("a/../b", 403), ("x" * 65, 403)]
)
def test_from_elsewhere_a_certificate_names_the_machine(tmp_path: Path, name: str, status: int) -> None:
    with Intake(tmp_path / "s.db", around=lambda app: Certified(app, name)) as intake:
        assert upload(intake, exported(1)).status_code == status
        assert [row.name for row in intake.store.triage.sources()] == (
            ["http:journal:web01.example"] if status == 202 else []
        )


def test_an_ingest_that_takes_nothing_leaves_the_clients_cursor_where_it_was(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", ingest=False, limits=Limits(wait=0.2)) as intake:
        refused = upload(intake, exported(1))
        assert (refused.status_code, code(refused)) == (503, "unavailable")


def test_a_full_queue_is_waited_for_and_then_told(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", ingest=False, queue=10, limits=Limits(wait=0.2)) as intake:
        refused = upload(intake, exported(1))
        assert (refused.status_code, code(refused)) == (503, "unavailable")
        source = intake.hub.source("journal:localhost")
        assert source.stats().drops == {"refused: queue full": 1}
