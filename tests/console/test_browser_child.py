"""The console of somebody in a browser: a process of its own that can do no more than its person may."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pyte
import pytest
from scene import Scene
from socterm.console.backtesting import rule_named
from socterm.console.rulefiles import RuleFiles
from socterm.errors import UsageError
from socterm.service.browser import child as children
from socterm.service.browser.child import Child, clamped, command, environment
from socterm.service.browser.packets import READY, PacketError, Packets, packet
from socterm.store.doors.hunts import View
from socterm.store.opening import Store, open_store
from story import busy

PATIENCE = 60.0


class Seen:
    """A child and the terminal it draws on."""

    def __init__(self, child: Child, width: int, height: int) -> None:
        self.child = child
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._news = asyncio.Event()
        self.ended = asyncio.create_task(self._draw())

    async def _draw(self) -> None:
        async for block in self.child.screens():
            self._stream.feed(block)
            self._news.set()
        self._news.set()

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    async def until(self, holds: Callable[[str], bool]) -> str:
        async with asyncio.timeout(PATIENCE):
            while not holds(self.text):
                self._news.clear()
                await self._news.wait()
        return self.text


def login(db: Path, role: str) -> str:
    """The stamp of alice's login, who is a user of the store from then on."""
    with open_store(db) as store:
        found = store.identity.user("alice") or store.identity.add_user(
            "alice", role, "hash", actor="root", now=1
        )
    return found.stamp


@asynccontextmanager
async def seen(
    db: Path, role: str, *, width: int = 160, height: int = 50, environ: dict[str, str] | None = None
) -> AsyncIterator[Seen]:
    given = dict(os.environ) | {"HOME": str(db.parent), "XDG_CONFIG_HOME": str(db.parent)} | (environ or {})
    stamp = login(db, role) if db.exists() else ""
    child = Child(command(db, "alice", role), environment(given, width, height, stamp))
    await child.start()
    found = Seen(child, width, height)
    try:
        yield found
    finally:
        await child.close()
        await found.ended


def _told(store: Store) -> list[tuple[str, str]]:
    return [(row.actor, row.verb) for row in store.chronicle.decided(0, 1 << 62)]


async def test_its_keys_decide_in_the_name_of_its_person(scene: Scene, store: Store) -> None:
    busy(scene)
    async with seen(scene.path, "triage") as window:
        await window.until(lambda text: "SSH brute force" in text)
        await window.child.keys("e")
        await window.until(lambda _text: ("alice", "close") in _told(store))


async def test_who_may_only_look_is_refused_by_the_store(scene: Scene, store: Store) -> None:
    busy(scene)
    async with seen(scene.path, "read") as window:
        before = _told(store)
        await window.until(lambda text: "SSH brute force" in text)
        await window.child.keys("e")
        await window.until(lambda text: "reading only" in text)
        assert not window.ended.done()
    assert _told(store) == before


async def test_a_view_is_not_forgotten_by_who_may_only_look(scene: Scene, store: Store) -> None:
    busy(scene)
    store.hunts.save_view(View("mine", "events", "user.name:root"), actor="root", now=1)
    async with seen(scene.path, "read") as window:
        await window.until(lambda text: "SSH brute force" in text)
        await window.child.keys(":")
        await window.until(lambda text: "Enter does it" in text)
        await window.child.keys("events\r")
        await window.until(lambda text: "Enter does it" not in text)
        await window.child.keys("V")
        await window.until(lambda text: "user.name:root" in text)
        await window.child.keys("d")
        await window.until(lambda text: "reading only" in text)
    assert [view.name for view in store.hunts.views("events")] == ["mine"]


@pytest.mark.parametrize("change", ["role", "password", "removed"])
async def test_a_window_decides_nothing_more_from_the_moment_its_login_has_ended(
    change: str, scene: Scene, store: Store
) -> None:
    busy(scene)
    async with seen(scene.path, "triage") as window:
        await window.until(lambda text: "SSH brute force" in text)
        if change == "role":
            store.identity.change_user("alice", role="read", actor="root", now=2)
        elif change == "password":
            store.identity.change_user("alice", password="other", actor="root", now=2)
        else:
            store.identity.remove_user("alice", actor="root", now=2)
        before = _told(store)
        await window.child.keys("e")
        await window.until(lambda text: "login has ended" in text)
    assert _told(store) == before


WRITING = [
    ("triage", "R", "Hand-over of 8 hours"),
    ("events", "w", "Export to"),
    ("hunt", "w", "Export to"),
    ("incidents", "R", "Incident 1"),
]


@pytest.mark.parametrize(("place", "key", "asks"), WRITING)
async def test_no_verb_asks_for_a_file(place: str, key: str, asks: str, scene: Scene, store: Store) -> None:
    busy(scene)
    async with seen(scene.path, "admin") as window:
        await window.until(lambda text: "SSH brute force" in text)
        if place != "triage":
            await window.child.keys(":")
            await window.until(lambda text: "Enter does it" in text)
            await window.child.keys(f"{place}\r")
            await window.until(lambda text: "Enter does it" not in text)
        await window.child.keys(key)
        await window.child.keys("?")  # is done after the key before it
        text = await window.until(lambda text: "Esc or q closes" in text)
        assert asks not in text


async def test_a_hunt_reads_no_file_that_is_named(scene: Scene, store: Store) -> None:
    busy(scene)
    planted = scene.path.parent / "planted.yml"
    planted.write_text("title: planted\nlogsource: {product: linux}\ndetection: {a: {b: c}, condition: a}\n")
    assert rule_named(store, RuleFiles(), str(planted))[1].info.title == "planted"
    for named in (planted, planted.parent, Path("/")):
        with pytest.raises(UsageError, match="no rule that alerts"):
            rule_named(store, RuleFiles(named=False), str(named))


async def test_nothing_is_imported_from_where_the_service_stands(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(scene)
    (scene.path.parent / "click.py").write_text("raise SystemExit('planted')\n")
    monkeypatch.chdir(scene.path.parent)
    async with seen(scene.path, "read") as window:
        await window.until(lambda text: "SSH brute force" in text)


async def test_it_ends_where_who_serves_it_is_gone_already(scene: Scene, store: Store) -> None:
    argv = command(scene.path, "alice", "read")
    argv[argv.index("--parent") + 1] = "1"
    child = Child(argv, environment(dict(os.environ), 80, 24, login(scene.path, "read")))
    await child.start()
    async with asyncio.timeout(PATIENCE):
        await Seen(child, 80, 24).ended
    await child.close()


async def test_no_key_of_this_process_is_handed_down(scene: Scene, store: Store) -> None:
    busy(scene)
    planted = {
        "SOCTERM_LLM_API_KEY": "s3cret",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "SOCTERM_SECRET_SMTP": "s3cret",
    }
    async with seen(scene.path, "read", environ=planted) as window:
        await window.until(lambda text: "SSH brute force" in text)
        process = window.child._process
        assert process is not None
        assert b"s3cret" not in Path(f"/proc/{process.pid}/environ").read_bytes()


LESS = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (900 << 20, 900 << 20))
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize(("first", "most"), [([], 1 << 30), ([sys.executable, "-c", LESS], 900 << 20)])
async def test_it_takes_no_more_memory_than_a_console_needs_or_the_service_has(
    scene: Scene, store: Store, first: list[str], most: int
) -> None:
    busy(scene)
    argv = [*first, *command(scene.path, "alice", "read")]
    child = Child(argv, environment(dict(os.environ), 160, 50, login(scene.path, "read")))
    await child.start()
    window = Seen(child, 160, 50)
    await window.until(lambda text: "SSH brute force" in text)
    assert child._process is not None
    limits = Path(f"/proc/{child._process.pid}/limits").read_text().splitlines()
    assert [line.split()[3] for line in limits if line.startswith("Max data size")] == [str(most)]
    await child.close()
    await window.ended


async def test_another_size_is_drawn_within_it(scene: Scene, store: Store) -> None:
    busy(scene)
    async with seen(scene.path, "read", width=100, height=30) as window:
        await window.until(lambda text: "SSH brute force" in text)
        window._screen.resize(40, 120)
        await window.child.resize(120, 40)
        await window.until(lambda text: text.splitlines()[39].strip() != "")


def test_no_size_is_larger_than_a_terminal() -> None:
    assert clamped(10**9, -5) == (400, 8)
    given = environment({"PATH": "/bin"}, 0, 10**9, "")
    assert (given["COLUMNS"], given["ROWS"]) == ("20", "200")


async def test_leaving_ends_its_process(scene: Scene, store: Store) -> None:
    busy(scene)
    async with seen(scene.path, "read") as window:
        await window.until(lambda text: "SSH brute force" in text)
        process = window.child._process
        await window.child.keys("q")
        async with asyncio.timeout(PATIENCE):
            await window.ended
    assert process is not None
    assert process.returncode is not None


async def test_one_that_does_not_end_is_killed(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(scene)
    monkeypatch.setattr(children, "ENDING", 0.05)
    async with seen(scene.path, "read") as window:
        await window.until(lambda text: "SSH brute force" in text)
        process = window.child._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
    assert process.returncode == -signal.SIGKILL


async def test_why_it_could_not_start_is_one_line(tmp_path: Path) -> None:
    async with seen(tmp_path / "none.db", "read") as window:
        await window.ended
    assert window.child.trouble.startswith("socterm: ")
    assert "none.db" in window.child.trouble


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
def test_packets_are_whole_however_they_were_cut(cut: int) -> None:
    packets = Packets()
    stream = b"warning\n" + READY + packet(b"D", b"screen") + packet(b"M", b"{}") + packet(b"D", b"")
    found = [one for at in range(0, len(stream), cut) for one in packets.feed(stream[at : at + cut])]
    assert found == [(b"D", b"screen"), (b"M", b"{}"), (b"D", b"")]


@pytest.mark.parametrize(
    "stream", [READY + b"X\0\0\0\0", READY + b"D\xff\xff\xff\xff", b"never there " * 10_000]
)
def test_what_is_no_packet_is_refused(stream: bytes) -> None:
    with pytest.raises(PacketError):
        Packets().feed(stream)
