"""Archives of rules, a server of this machine for them, and `socterm rules update` on them."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tests.rules_cli import Done, rule, rules

FIRST = {
    "pack/rules/a.yml": rule(1),
    "pack/rules/b.yml": rule(2),
    "pack/LICENSE": "free\n",
    "pack/x.png": "x",
}
SECOND = {
    "pack/rules/other/a.yml": rule(1, level="high"),
    "pack/rules/c.yml": rule(3),
    "pack/rules/d.yml": rule(4, level="severe"),
}


def zipped(members: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return made.getvalue()


def tarred(members: dict[str, str], *special: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as packed:
        for info in special:
            packed.addfile(info)
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            packed.addfile(info, io.BytesIO(text.encode()))
    return made.getvalue()


def saved(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def update(home: Path, *arguments: object) -> Done:
    return rules("update", *arguments, home=home)


def titles(home: Path) -> set[str]:
    return {row["title"] for row in rules("list", "--json", "shell for", home=home).records}


def folder(home: Path) -> Path:
    return home / ".local/share/socterm/rules"


class Server(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    stalled = threading.Event()
    release = threading.Event()

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/stall.zip":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.stalled.set()
            self.release.wait(60)
            return
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Nothing to a test's terminal."""


@contextmanager
def serving(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    handler = type("Handler", (Server,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        Server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
