"""Where `socterm generate` writes to: files, folders, pipes, and servers over UDP, TCP and HTTP."""

from __future__ import annotations

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.demo import DEFAULT, START, play, stories

from generating import STORY, TWO_LOGS, lines, refused


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
        thread.join(60)
        assert got[0].decode().splitlines() == [f"<{s.priority}>{s.line}" for s in play(stories()[STORY])]

    def test_tcp_octets(self, listener: socket.socket) -> None:
        thread, got = _taken(listener)
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        lines(STORY, "--start", START.isoformat(), "--header", "rfc5424", "--octets", "--to", url)
        thread.join(60)
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
        thread.join(60)
        assert "no proper HTTP answer (220 mail.example.com ESMTP" in said
