"""`socterm serve` as a process: where it may be reached, what it takes and tells, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from socterm.cli.settings import clock
from socterm.service.tokens import new_token
from socterm.store import open_store
from socterm.store.ingest.writer import Writer
from tests.scanning import RULES
from tests.service_scene import NOW, PASSWORD
from tests.store_samples import alerted

asked = httpx.Client(timeout=60)
FAILED = "Nov 18 10:00:{:02} web01 sshd[7]: Failed password for root from 203.0.113.9 port 4000 ssh2\n"


class Home:
    """A home of its own, with a store, some rules, and what was said there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = path / "data" / "socterm" / "socterm.db"
        own = {"HOME": str(path), "XDG_DATA_HOME": str(path / "data"), "SOCTERM_API_REQUESTS": "1000000"}
        self.environ = os.environ | own
        self.said = ""
        self.pid = 0

    def token(self, *scopes: str) -> dict[str, str]:
        token, digest = new_token()
        with open_store(self.db) as store:
            store.identity.add_token("t", digest, scopes, actor="root", now=NOW)
        return {"Authorization": f"Bearer {token}"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "socterm", "serve", *words],
            env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @contextmanager
    def serving(self, *words: str, end: int = signal.SIGTERM) -> Iterator[str]:
        """The URL it is reached at; ended by a signal, with exit code 0."""
        process = self.start("--listen", "127.0.0.1:0", *words)
        self.pid = process.pid
        assert process.stderr is not None
        assert process.stdout is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"serving (\S+)", line):
                    break
            assert found, said
            yield found[1]
        finally:
            process.send_signal(end)
            process.wait(60)  # not communicate: it forgets what was read ahead
            self.said = "".join([*said, *process.stderr, *process.stdout])
        assert process.returncode == 0, self.said

    def refused(self, *words: str) -> str:
        process = self.start(*words)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 3, said
        assert len(said.splitlines()) == 1
        return said


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_what_is_read_is_told_and_decided_under_the_name_of_who_asks(home: Home) -> None:
    rules = home.path / "r.yml"
    rules.write_text(RULES)
    log = home.path / "auth.log"
    log.touch()
    added = subprocess.run(
        [sys.executable, "-m", "socterm", "users", "add", "ann", "--role", "triage"],
        env=home.environ, input=f"{PASSWORD}\n", text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert added.stdout == "user ann may triage\n"
    with (
        home.serving("--tail", str(log), "--rules", str(rules)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
        token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        with client.stream("GET", "/api/v1/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: begin"
            with log.open("a") as file:
                file.writelines(FAILED.format(second) for second in range(30))
            while next(lines) != "event: alert":
                pass
        alerts = client.get("/api/v1/alerts").json()["alerts"]
        path = f"/api/v1/alerts/{alerts[0]['id']}"
        etag = client.get(path).headers["ETag"]
        closed = client.post(
            f"{path}/transition", headers={"If-Match": etag}, json={"verb": "close", "verdict": "test"}
        )
        assert (closed.status_code, closed.json()["alert"]["state"]) == (200, "closed")
        listed = (
            Path(f"/proc/{home.pid}/cmdline").read_bytes() + Path(f"/proc/{home.pid}/environ").read_bytes()
        )
    with open_store(home.db) as store:
        (row,) = store.triage.history(int(str(alerts[0]["id"])))
        assert (row.actor, row.verb, row.after["verdict"]) == ("ann", "close", "test")
    key = (home.path / "data" / "socterm" / "secrets" / "api-key").read_text().strip()
    for secret in (PASSWORD, token, key):
        assert secret not in home.said
        assert secret.encode() not in listed


def test_what_is_posted_is_stored_without_any_other_source(home: Home) -> None:
    headers = home.token("ingest") | {"Content-Type": "application/json"}
    reader = home.token("read")
    with home.serving() as url:
        taken = asked.post(
            f"{url}/api/v1/logs/ingest", headers=headers, content=json.dumps({"message": "hello there"})
        )
        assert taken.status_code == 202, taken.text
        found = asked.get(f"{url}/api/v1/events", params={"q": "hello"}, headers=reader).json()["events"]
        assert len(found) == 1


def test_while_another_process_ingests_it_only_serves_and_says_so(home: Home) -> None:
    home.db.parent.mkdir(parents=True)
    alerted(home.db, 1).close()
    writer = Writer.open(home.db, now=clock())
    headers = home.token("read")
    try:
        with home.serving("--tail", str(home.path / "a.log")) as url:
            assert [
                one["id"] for one in asked.get(f"{url}/api/v1/alerts", headers=headers).json()["alerts"]
            ] == [1]
            assert asked.post(f"{url}/api/v1/logs", headers=headers).status_code == 404
        assert f"process {os.getpid()} on" in home.said
        assert "only serves" in home.said
    finally:
        writer.close()


def test_only_serving_is_ended_by_ctrl_c_and_warns_where_nobody_may_ask(home: Home) -> None:
    with home.serving("--no-ingest", end=signal.SIGINT) as url:
        assert asked.get(f"{url}/health").json() == {"status": "ok"}
    assert "no user and no token" in home.said


def test_an_open_request_does_not_hold_up_the_end(home: Home) -> None:
    with home.serving("--no-ingest") as url:
        host, port = url.removeprefix("http://").split(":")
        half = socket.create_connection((host, int(port)))
        kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
        half.sendall(
            b"POST /api/v1/auth/token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" + kind
        )
        assert half.recv(100).startswith(b"HTTP/1.1 100")  # it waits for the body, which never comes
    half.close()


def test_what_others_reach_needs_encryption_and_somebody_who_may_ask(home: Home) -> None:
    assert "--cert and --key" in home.refused("--listen", "0.0.0.0:0", "--no-ingest")
    assert "no user and no token" in home.refused("--listen", "0.0.0.0:0", "--no-ingest", "--behind-proxy")


def test_half_a_certificate_or_a_wrong_one_is_told(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "x.pem"
    file.write_text("no certificate")
    process = home.start("--cert", str(file), "--no-ingest")
    assert "goes with its key" in process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "no certificate" in home.refused("--cert", str(file), "--key", str(file), "--no-ingest")
    gone = str(tmp_path / "gone.pem")
    assert "No such file" in home.refused("--cert", gone, "--key", gone, "--no-ingest")


def test_a_port_that_is_taken_is_told(home: Home) -> None:
    with home.serving("--no-ingest") as url:
        assert "cannot listen" in home.refused("--listen", url.removeprefix("http://"), "--no-ingest")


def test_with_a_certificate_it_speaks_tls(home: Home, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "socterm", "tls", "init", str(tmp_path / "tls")],
        env=home.environ, check=True, capture_output=True,
    )  # fmt: skip
    files = {path.name: path for path in (tmp_path / "tls").iterdir()}
    with home.serving(
        "--cert", str(files["server.pem"]), "--key", str(files["server.key"]), "--no-ingest"
    ) as url:
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=str(files["ca.pem"]))
        assert httpx.get(f"{url}/health", verify=context, timeout=60).status_code == 200
