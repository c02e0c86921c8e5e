"""A real browser without a window, told what to do over its debugging socket (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pyte
from tests.e2e.road import until
from websockets.sync.client import connect

PATIENCE = 60.0


class Chromium:
    """One browser with one page, and every address that it asked for."""

    def __init__(self, folder: Path, *, width: int = 1280, height: int = 800) -> None:
        self._folder = folder
        self._size = f"{width},{height}"
        self._asked = 0
        self._open = ExitStack()
        self.requests: list[str] = []
        self._screen = pyte.Screen(400, 200)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Chromium:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-extensions", "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                f"--user-data-dir={self._folder}", f"--window-size={self._size}", "--remote-debugging-port=0",
                "--remote-allow-origins=*", "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        told = self._folder / "DevToolsActivePort"
        until(lambda: told.exists() and "\n" in told.read_text(), "the browser")
        port = told.read_text().splitlines()[0]
        pages = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
        page = next(page for page in pages if page["type"] == "page")
        debugging = connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None)
        self._socket = self._open.enter_context(debugging)
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._open.close()
        self._process.terminate()
        self._process.wait(PATIENCE)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; what the page asked for meanwhile is noted."""
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(PATIENCE))
            self._note(said)
            if said.get("id") == self._asked:
                assert "error" not in said, said["error"]
                found: dict[str, Any] = said["result"]
                return found

    def _note(self, said: dict[str, Any]) -> None:
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(said["params"]["request"]["url"])
        elif said.get("method") == "Network.webSocketCreated":
            self.requests.append(said["params"]["url"])
        elif said.get("method") == "Network.webSocketFrameReceived":
            frame = said["params"]["response"]
            if frame["opcode"] == 2:
                self._stream.feed(base64.b64decode(frame["payloadData"]))

    def go(self, url: str) -> None:
        """Open a page."""
        self.call("Page.navigate", url=url)

    def ask(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; None where it has none now."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        until(lambda: bool(self.ask(script)), script)

    def sees(self, text: str) -> None:
        """Wait until the terminal shows a text."""
        until(lambda: self.ask("1") == 1 and text in self.text, f"{text!r} in\n{self.text}")

    @property
    def text(self) -> str:
        """What the terminal shows, by what its socket was sent."""
        return "\n".join(self._screen.display)

    def type(self, text: str) -> None:
        """Press keys that write something."""
        for letter in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def fill(self, selector: str, text: str) -> None:
        """Write into a field of a form."""
        self.ask(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """What the page looks like, as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
