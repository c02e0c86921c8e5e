"""Answers that would be too large or take too long: lines by the megabyte, searches by the dozen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from socterm.service import alerts, events
from socterm.service.endpoints import SEARCHES, THREADS, Call, Endpoint, Nothing
from socterm.service.table import ENDPOINTS
from socterm.store.ingest.writer import Writer
from tests.service_scene import NOW, Scene
from tests.store_samples import alerted, batch, episode, login

LINE = "Failed " + "x" * 993


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = [login(number) for number in range(1, 51)]
    for one in found:
        one.raw = LINE
    writer = Writer.open(tmp_path / "a.db", now=NOW)
    writer.commit(batch(found, [episode(1, found, alert=1)]))
    while writer.feed_fts(1000):
        pass
    writer.close()
    made = Scene(tmp_path / "a.db", fresh=False)
    yield made
    made.store.close()


@pytest.mark.parametrize("query", ["", "user.name:root", "Failed"])
@pytest.mark.parametrize("oldest_first", [True, False])
async def test_pages_of_long_lines_have_fewer_and_go_on_behind_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, query: str, oldest_first: bool
) -> None:
    monkeypatch.setattr(events, "ROOM", 20 * len(LINE))
    asked: dict[str, Any] = {"q": query, "limit": 1000, "oldest_first": oldest_first}
    pages: list[list[int]] = []
    async with scene.client() as client:
        while asked.get("cursor", "") is not None:
            answer = await client.get("/api/v1/events", params=asked, headers=scene.bearer("read"))
            pages.append([one["id"] for one in answer.json()["events"]])
            asked["cursor"] = answer.json()["next"]
    assert [len(page) for page in pages] == [20, 20, 10]
    assert [one for page in pages for one in page] == sorted(range(1, 51), reverse=not oldest_first)


async def test_a_line_longer_than_a_page_is_a_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "ROOM", 10)
    async with scene.client() as client:
        answer = await client.get("/api/v1/events", headers=scene.bearer("read"))
    assert [one["id"] for one in answer.json()["events"]] == [50]
    assert answer.json()["next"] == "50"


async def test_evidence_of_long_lines_is_told_up_to_a_measure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene.client() as client:
        asked: dict[str, Any] = {"params": {"events": 1000}, "headers": scene.bearer("read")}
        whole = (await client.get("/api/v1/alerts/1", **asked)).json()["events"]
        monkeypatch.setattr(alerts, "ROOM", 25 * len(LINE))
        told = (await client.get("/api/v1/alerts/1", **asked)).json()["events"]
    assert [one["id"] for one in whole] == [*range(50, 0, -1)]
    assert told == whole[:25]


def test_what_looks_through_the_store_is_marked_so() -> None:
    asking = {one.path for one in ENDPOINTS if "q" in one.query.model_fields}
    assert asking == {one.path for one in ENDPOINTS if one.slow} == {"/api/v1/alerts", "/api/v1/events"}


async def test_searches_keep_nobody_else_waiting(scene: Scene) -> None:
    begun = threading.Semaphore(0)
    go = threading.Event()

    def slow(_call: Call[Nothing, Nothing]) -> dict[str, Any]:
        begun.release()
        assert go.wait(60)
        return {"done": True}

    more = Endpoint("GET", "/slow", "Take long", slow, "read", slow=True)
    done: list[int] = []

    async def ask() -> None:
        done.append((await client.get("/slow", headers=headers)).status_code)

    headers = scene.bearer("read")
    async with scene.client([*ENDPOINTS, more]) as client, anyio.create_task_group() as tasks:
        for _ in range(THREADS + SEARCHES):
            tasks.start_soon(ask)
        for _ in range(SEARCHES):
            await anyio.to_thread.run_sync(begun.acquire, limiter=anyio.CapacityLimiter(1))
        try:
            with anyio.fail_after(60):
                assert (await client.get("/health")).status_code == 200
                assert (await client.get("/api/v1/rules", headers=headers)).status_code == 200
            assert not begun.acquire(blocking=False)  # no more of them at a time
        finally:
            go.set()
    assert done == [200] * (THREADS + SEARCHES)


async def test_an_answer_is_not_put_together_where_all_others_wait(scene: Scene) -> None:
    where: list[int] = []

    class Text:
        def __str__(self) -> str:
            where.append(threading.get_ident())
            return "told"

    def tell(_call: Call[Nothing, Nothing]) -> dict[str, Any]:
        return {"text": Text()}

    async with scene.client([Endpoint("GET", "/text", "Tell", tell, "")]) as client:
        assert (await client.get("/text")).json() == {"text": "told"}
    assert where
    assert threading.get_ident() not in where


@pytest.mark.parametrize(("step", "room", "pages"), [(2, 1, [2, 2, 1]), (3, 10**9, [5]), (100, 1, [5])])
async def test_alerts_about_long_names_come_in_shorter_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, room: int, pages: list[int]
) -> None:
    """Who tries to log in says under which name; of a million letters an alert has them all."""
    alerted(tmp_path / "b.db", 1, 2, 3, 4, 5).close()
    scene = Scene(tmp_path / "b.db", fresh=False)
    monkeypatch.setattr(alerts, "STEP", step)
    monkeypatch.setattr(alerts, "ROOM", room)
    found: list[list[int]] = []
    asked: dict[str, Any] = {"limit": 1000}
    async with scene.client() as client:
        while asked.get("cursor", "") is not None:
            told = (await client.get("/api/v1/alerts", params=asked, headers=scene.bearer("read"))).json()
            found.append([one["id"] for one in told["alerts"]])
            asked["cursor"] = told["next"]
    assert [len(page) for page in found] == pages
    assert [one for page in found for one in page] == [5, 4, 3, 2, 1]
    scene.store.close()
