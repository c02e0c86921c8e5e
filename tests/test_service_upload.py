"""Journals of other machines over a real socket: who may upload, what is kept, what a break leaves."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from socterm.cli.certificates import make_ca, make_client, make_server
from socterm.config import ApiConfig
from socterm.errors import SoctermError, UsageError
from socterm.service.certified import STATE, CertifiedProtocol, ask_for_certificates, common_name
from socterm.service.intake.body import Limits
from socterm.service.intake.uploading import ENTRIES
from socterm.service.server import Place, Server
from socterm.service.serving import place_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.service_scene import code

from intake_scene import Intake

UPLOAD = "/upload"
HEADERS = {"Content-Type": "application/vnd.fdo.journal"}
NAME = "http:journal:localhost"
HOUR = 3_600_000_000


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
        assert intake.drops(NAME) == {"duplicate": 3}  # with those before the restart
        assert upload(intake, exported(3, 4)).status_code == 202
        assert numbers(intake) == [1, 2, 3, 4]


def test_a_made_up_entry_does_not_keep_out_what_this_machine_says_later(intake: Intake) -> None:
    [made_up], [real] = exported((1 << 64) - 1), exported(1)
    assert upload(intake, [made_up.replace(b";t=2;", b";t=ffffffffffffffff;")]).status_code == 202
    assert (
        upload(intake, [real.replace(b";t=2;", b";t=%x;" % (time.time_ns() // 1000 + HOUR))]).status_code
        == 202
    )
    assert numbers(intake) == [(1 << 64) - 1, 1]


def test_the_next_portion_waits_until_the_one_before_is_stored(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", ingest=False, limits=Limits(wait=0.2)) as intake:
        refused = upload(intake, exported(*range(1, 5_002)))
        assert (refused.status_code, code(refused)) == (503, "unavailable")
        assert intake.hub.source("journal:localhost").stats().backlog < 3 * ENTRIES


def test_an_upload_that_does_not_go_on_is_not_waited_for(tmp_path: Path) -> None:
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {HEADERS['Content-Type']}\r\n"
    with Intake(tmp_path / "s.db", limits=Limits(seconds=0.2)) as intake:
        with socket.create_connection(("127.0.0.1", intake.port), timeout=60) as peer:
            peer.sendall(head.encode() + b"Content-Length: 1000\r\n\r\nMESSAGE=a")
            answer = b""
            while block := peer.recv(65_536):
                answer += block
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_fields_too_long_for_a_line_are_counted(intake: Intake) -> None:
    [entry] = exported(1)
    assert upload(intake, [entry[:-1] + b"LONG=" + b"x" * (2 << 20) + b"\n\n"]).status_code == 202
    assert intake.drops(NAME) == {"oversized": 1}


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


def test_behind_a_proxy_nothing_is_taken_for_this_machines_own(tmp_path: Path) -> None:
    with Intake(tmp_path / "s.db", local=False) as intake:
        refused = upload(intake, exported(1))
        assert (refused.status_code, code(refused)) == (403, "certificate")


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


# -- certificates


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates of one CA, and one of a stranger."""
    folder, now = tmp_path_factory.mktemp("pki"), datetime.now(UTC)
    ca, other = make_ca(now), make_ca(now)
    pairs = {
        "ca": ca, "other": other, "server": make_server(ca, ["127.0.0.1"], now, 30),
        "web01": make_client(ca, "web01", now, 30), "stranger": make_client(other, "web01", now, 30),
    }  # fmt: skip
    for name, pair in pairs.items():
        (folder / f"{name}.pem").write_bytes(pair.cert)
        (folder / f"{name}.key").write_bytes(pair.key)
    return folder


@pytest.fixture
def secured(tmp_path: Path, pki: Path) -> Iterator[Intake]:
    with Intake(tmp_path / "s.db", tls=(pki / "server.pem", pki / "server.key", pki / "ca.pem")) as made:
        yield made


def shown_by(pki: Path, name: str) -> ssl.SSLContext:
    """What a client trusts and shows: this certificate, "" for none."""
    context = ssl.create_default_context(cafile=pki / "ca.pem")
    if name:
        context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    return context


def upload_as(intake: Intake, pki: Path, name: str) -> httpx.Response:
    """With this certificate, "" for none."""
    with httpx.Client(verify=shown_by(pki, name), trust_env=False, timeout=60) as client:
        return client.post(intake.url + UPLOAD, content=iter(exported(1)), headers=HEADERS)


def test_a_certificate_of_our_ca_names_the_source(secured: Intake, pki: Path) -> None:
    assert upload_as(secured, pki, "web01").status_code == 202
    assert upload_as(secured, pki, "").status_code == 202  # from this machine, without one
    names = {row.name for row in secured.store.triage.sources()}
    assert names == {"http:journal:web01", NAME}


def test_after_a_renewal_certificates_of_the_ca_that_is_there_then_are_taken(
    pki: Path, tmp_path: Path
) -> None:
    async def whose(request: Request) -> PlainTextResponse:
        return PlainTextResponse(getattr(request.state, STATE, "nobody"))

    def seen(name: str) -> str:
        with httpx.Client(verify=shown_by(pki, name), trust_env=False, timeout=60) as client:
            return client.get(server.url).text

    shown = pki / "server.pem", pki / "server.key"
    server = Server(
        Starlette(routes=[Route("/", whose)]), Place("127.0.0.1", 0, *shown, client_ca=pki / "ca.pem")
    )
    server.start()
    try:
        assert seen("web01") == "web01"
        server.renewed(*shown, pki / "ca.pem")()
        assert seen("web01") == "web01"
        server.renewed(*shown, pki / "other.pem")()
        assert (seen("stranger"), seen("")) == ("web01", "nobody")
        with pytest.raises(httpx.HTTPError):
            seen("web01")
        server.renewed(*shown, None)()
        assert seen("stranger") == "web01", "to ask for none takes a restart"
        (tmp_path / "broken.pem").write_text("nothing")
        with pytest.raises(SoctermError, match=r"broken\.pem: no certificate of a CA"):
            server.renewed(*shown, tmp_path / "broken.pem")
    finally:
        server.close()


def test_a_certificate_of_another_ca_is_refused(secured: Intake, pki: Path) -> None:
    with pytest.raises(httpx.HTTPError):
        upload_as(secured, pki, "stranger")
    assert secured.count() == 0


def test_a_ca_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    config = uvicorn.Config(lambda: None)
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(SoctermError, match=r"empty\.pem: no certificate of a CA"):
        ask_for_certificates(config, tmp_path / "empty.pem")
    with pytest.raises(SoctermError, match=r"gone\.pem: No such file"):
        ask_for_certificates(config, tmp_path / "gone.pem")


def test_a_server_by_configuration_asks_for_certificates(pki: Path) -> None:
    told = ApiConfig(
        listen="127.0.0.1:0", cert=pki / "server.pem", key=pki / "server.key", client_ca=pki / "ca.pem"
    )
    server = Server(lambda: None, place_of(told))
    assert server._server.config.http is CertifiedProtocol
    server.close()
    with pytest.raises(UsageError, match="need TLS"):
        place_of(told.model_copy(update={"cert": None, "key": None}))


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (None, ""),
        ({}, ""),
        ({"subject": ()}, ""),
        ({"subject": ((("commonName", "a"),), (("commonName", "b"),))}, ""),
    ],
)
def test_whom_a_certificate_names(certificate: dict[str, object] | None, name: str) -> None:
    assert common_name(certificate) == name
