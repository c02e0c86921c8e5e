"""The console in a real browser: login, keys, a closed alert, logout, and nothing fetched from elsewhere."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from socterm.store import open_store
from tests.e2e.chromium import Chromium
from tests.e2e.road import environment, socterm, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

pytestmark = pytest.mark.e2e

PATIENCE = 60.0
PASSWORD = "correct horse battery"


def _children(process: int) -> list[str]:
    """What a process has started, by the kernel."""
    tasks = Path(f"/proc/{process}/task")
    return [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]


@pytest.fixture(name="served", scope="module")
def _served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """The story of the demo in a store, one user, and `socterm serve --browser` on it."""
    tmp_path = tmp_path_factory.mktemp("served")
    db, log = tmp_path / "soc.db", tmp_path / "auth.log"
    socterm("generate", "story_auth", "--to", log, home=tmp_path)
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    adding = [sys.executable, "-m", "socterm", "users", "add", "alice", "--role", "triage", "--db", str(db)]
    subprocess.run(adding, input=PASSWORD.encode(), check=True, env=environment(tmp_path), cwd=tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = tmp_path / "told.txt"
    with told.open("wb") as err:
        command = [sys.executable, "-m", "socterm", "serve", "--browser", "--no-ingest", "--db", str(db)]
        process = subprocess.Popen(
            [*command, "--listen", f"127.0.0.1:{port}"], stderr=err, env=environment(tmp_path), cwd=tmp_path
        )
    until(lambda: b"serving http" in told.read_bytes(), "the service")
    yield f"http://127.0.0.1:{port}", db, process
    process.terminate()
    assert process.wait(30) == 0


def log_in(browser: Chromium, origin: str) -> None:
    """As a person does, and see the console."""
    browser.go(f"{origin}/")
    browser.until("document.querySelector('input[name=username]') !== null")
    browser.fill("input[name=username]", "alice")
    browser.fill("input[name=password]", PASSWORD)
    browser.ask("document.querySelector('form').requestSubmit()")
    browser.sees("Alerts")


def test_the_console_in_a_browser(served: tuple[str, Path, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    origin, db, process = served
    with Chromium(tmp_path / "chromium") as browser:
        log_in(browser, origin)
        browser.until("document.activeElement?.className === 'xterm-helper-textarea'")
        browser.type("e")
        browser.sees("z takes it back")
        with open_store(db, readonly=True) as store:
            closed = [(row.actor, row.verb) for row in store.chronicle.decided(0, 1 << 62)]
        assert ("alice", "close") in closed
        assert _children(process.pid)
        browser.ask("document.querySelector('.bar form').requestSubmit()")
        browser.until("location.pathname === '/login'")
        until(lambda: not _children(process.pid), "the console's end")
        browser.go(f"{origin}/console")
        browser.until("location.pathname === '/login'")
        asked = {urlsplit(url).netloc for url in browser.requests if not url.startswith("data:")}
    assert asked == {urlsplit(origin).netloc}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("stuck", [False, True])
def test_no_console_outlives_the_service(how: signal.Signals, stuck: bool, tmp_path: Path) -> None:
    """Not even one that draws for a browser that takes nothing; and the service ends well, and soon."""
    db = tmp_path / "soc.db"
    adding = [sys.executable, "-m", "socterm", "users", "add", "alice", "--role", "triage", "--db", str(db)]
    subprocess.run(adding, input=PASSWORD.encode(), check=True, env=environment(tmp_path), cwd=tmp_path)
    told = tmp_path / "told.txt"
    with told.open("wb") as err:
        command = [sys.executable, "-m", "socterm", "serve", "--browser", "--no-ingest", "--db", str(db)]
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"], stderr=err, env=environment(tmp_path), cwd=tmp_path
        )
    until(lambda: told.read_bytes().endswith(b"\n"), "the service")
    origin = told.read_text().split("serving ")[1].split()[0]
    with httpx.Client(base_url=origin, headers={"Origin": origin}, trust_env=False) as http:
        page = http.post("/login", data={"username": "alice", "password": PASSWORD}).text
        key = page.partition('data-key="')[2].partition('"')[0]
        ((name, secret),) = http.cookies.items()
        cookie = f"{name}={secret}"
    where = f"{origin.replace('http', 'ws')}/console/socket/{key}?width=400&height=200"
    with connect(where, origin=Origin(origin), additional_headers={"Cookie": cookie}, proxy=None) as window:
        while b"Alerts" not in window.recv(PATIENCE, decode=False):
            pass
        (child,) = _children(process.pid)
        if stuck:
            os.kill(int(child), signal.SIGSTOP)
        process.send_signal(how)
        assert process.wait(30) == (0 if how == signal.SIGTERM else -how)
        if stuck:
            os.kill(int(child), signal.SIGCONT)
        until(lambda: not _alive(child), "the console's end")


def _alive(process: str) -> bool:
    """Whether it runs: one that has ended may still be listed, where nobody asks how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


TAKES_COOKIES = """
from http.server import *
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        print("cookie:", self.headers["Cookie"], flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>other</title>")
server = HTTPServer(("127.0.0.1", 0), Page)
print("port:", server.server_port, flush=True)
server.serve_forever()
"""
"""A page that somebody else serves on this host; its server says what cookies browsers bring."""


def test_a_page_of_another_port_gets_no_console(
    served: tuple[str, Path, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """All ports of a host are one site to a browser: its page can ask with the cookie, its server has it."""
    origin, _, process = served
    other = subprocess.Popen(
        [sys.executable, "-c", TAKES_COOKIES], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert other.stdout is not None
        port = other.stdout.readline().split()[1].decode()
        with Chromium(tmp_path / "chromium") as browser:
            log_in(browser, origin)
            browser.go(f"http://127.0.0.1:{port}/")
            browser.until("document.title === 'other'")
            until(lambda: not _children(process.pid), "the console's end")
            assert not browser.ask("localStorage.getItem('socterm')")
            socket_url = origin.replace("http", "ws") + "/console/socket/none?width=80&height=24"
            said = browser.ask(
                f"new Promise(done => {{ const s = new WebSocket('{socket_url}');"
                " s.onopen = () => done('open'); s.onclose = () => done('closed'); })"
            )
            assert said == "closed"
            cookie = other.stdout.readline().decode().removeprefix("cookie: ").strip()
            told = {"Cookie": cookie}
            assert "alice" in httpx.get(f"{origin}/console", headers=told, trust_env=False).text
            with (
                pytest.raises(InvalidStatus),
                connect(socket_url, origin=Origin(origin), additional_headers=told, proxy=None),
            ):
                pass
            assert not _children(process.pid)
            browser.go(f"{origin}/")
            browser.sees("Alerts")
            browser.ask("localStorage.clear()")
            browser.go(f"{origin}/console")
            browser.until("location.pathname === '/login'")
    finally:
        other.terminate()
        other.wait(60)
