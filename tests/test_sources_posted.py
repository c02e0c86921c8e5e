"""Requests that are handed over: whole, bounded, answered after the commit and not before; counts add up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from socterm.errors import StoreFullError
from socterm.event import Receipt
from socterm.pipeline.ingest import Pipeline
from socterm.service.intake.promises import Promises
from socterm.sigma.model import RuleSet
from socterm.sources.hub import MOST, Hub
from socterm.sources.opening import Opener
from socterm.sources.posted import EndedError, PostedSource, QueueFullError, Room, Ticket
from socterm.store import open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer

NOW = 1_795_168_800_000_000
LINE = b"<38>Nov 21 10:00:00 web01 sshd[7]: Connection closed by 203.0.113.9 port 4711"


def clock() -> int:
    return NOW


@pytest.fixture
def source() -> PostedSource:
    return PostedSource("http:web", clock=clock)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer.open(tmp_path / "s.db", now=NOW)
    yield made
    made.close()


def stored(ticket: Ticket) -> bool:
    return ticket.stored.done() and ticket.stored.exception() is None


def test_a_request_is_read_whole_however_long_and_further_ones_as_far_as_they_fit(
    source: PostedSource,
) -> None:
    for size in (5, 2, 2):
        source.offer([b"x"] * size)
    reads = [source.read(3), source.read(4), source.read(3)]
    assert [chunk and (chunk.first, len(chunk.lines)) for chunk in reads] == [(0, 5), (5, 4), None]


def test_a_sender_hears_after_the_commit_of_its_last_record(source: PostedSource) -> None:
    one, two = source.offer([b"a", b"b"]), source.offer([b"c"])
    source.read(2)
    source.read(2)
    assert not one.stored.done()
    source.committed(2)
    assert (stored(one), two.stored.done()) == (True, False)
    source.committed(3)
    assert stored(two)


def test_no_records_wait_for_those_before(source: PostedSource) -> None:
    nothing = source.offer([])
    assert source.read(9) is None
    assert stored(nothing)
    source.offer([b"a"])
    behind = source.offer([])
    source.read(9)
    assert not behind.stored.done()
    source.committed(1)
    assert stored(behind)


def test_receipts_come_with_their_records(source: PostedSource) -> None:
    receipts = [Receipt("http:web", str(number), b"", "") for number in range(3)]
    source.offer([b"a"], receipts[0])
    source.offer([], receipts[1])
    source.offer([b"b"], receipts[2])
    chunk = source.read(9)
    assert chunk is not None
    assert chunk.receipts == (receipts[0], receipts[2])


def test_a_full_queue_takes_nothing_and_has_room_again_once_it_is_read() -> None:
    room = Room(1000)
    source = PostedSource("http:web", clock=clock, room=room)
    other = PostedSource("http:db", clock=clock, room=room)
    source.offer([b"x" * 400])
    other.offer([b"y" * 300])
    with pytest.raises(QueueFullError):
        source.offer([b"z", b"z" * 300])
    source.count("refused", 2)
    assert source.stats().drops == {"refused": 2}
    source.read(9)
    source.offer([b"z", b"z" * 300])
    source.read(9)
    other.read(9)
    assert room.held == 0


def test_one_sender_alone_leaves_room_for_the_next() -> None:
    room = Room(100)
    assert room.take("a", 30)
    assert room.take("a", 20)
    assert not room.take("a", 1)
    assert room.take("b", 25)
    assert not room.take("b", 1)
    assert room.take("c", 25)
    assert not room.take("d", 1)
    room.give("c", 25)
    assert room.take("d", 25)
    for who, size in (("a", 50), ("b", 25), ("d", 25)):
        room.give(who, size)
    assert room.held == 0
    assert room.take("a", 100), "who holds nothing may take all there is"


def test_a_sender_that_posts_all_it_can_starves_no_other() -> None:
    room = Room(10_000)
    greedy = PostedSource("http:greedy", clock=clock, room=room)
    modest = PostedSource("http:modest", clock=clock, room=room)
    greedy.offer([b"x" * 4000])
    with pytest.raises(QueueFullError):
        greedy.offer([b"x" * 4000])
    modest.offer([b"y" * 4000])
    chunk = modest.read(9)
    assert chunk is not None
    assert chunk.lines == [b"y" * 4000]


def test_empty_records_fill_a_queue_too() -> None:
    source = PostedSource("http:web", clock=clock, room=Room(1000))
    with pytest.raises(QueueFullError):
        source.offer([b""] * 100)


def test_what_is_not_read_yet_can_be_taken_back(source: PostedSource) -> None:
    room = source._room
    one, two = source.offer([b"a"]), source.offer([b"b"])
    assert source.withdraw(one)
    assert isinstance(one.stored.exception(), EndedError)
    chunk = source.read(9)
    assert chunk is not None
    assert (chunk.first, chunk.lines) == (0, [b"b"])
    assert not source.withdraw(two)
    assert room.held == 0


def test_who_gives_up_waiting_does_not_disturb_the_commit(source: PostedSource) -> None:
    ticket = source.offer([b"a"])
    assert not ticket.stored.cancel()
    source.read(9)
    source.committed(1)
    assert stored(ticket)


def test_the_end_takes_nothing_more_and_closing_tells_all_who_wait(source: PostedSource) -> None:
    carried, waiting = source.offer([b"a"]), source.offer([b"b"])
    source.read(1)
    source.end()
    with pytest.raises(EndedError):
        source.offer([b"c"])
    assert not source.done
    source.close()
    assert isinstance(carried.stored.exception(), EndedError)
    assert isinstance(waiting.stored.exception(), EndedError)
    assert source.done


def test_positions_and_marks_go_on_from_the_bookmark() -> None:
    source = PostedSource("http:web", clock=clock, resume=(7, {"journals": {"a": 1}}))
    ticket = source.offer([b"a"], bookmark={"journals": {"a": 2}})
    assert source.marks() == {"journals": {"a": 1}}
    chunk = source.read(9)
    assert chunk is not None
    assert (chunk.first, chunk.bookmark) == (7, {"journals": {"a": 2}})
    source.committed(8)
    assert stored(ticket)


def test_each_sender_has_a_source_and_the_pipeline_hears_of_it_once() -> None:
    hub = Hub()
    with pytest.raises(EndedError, match="no ingest runs"):
        hub.source("web")
    hub.begin({"http:web": (3, {})}.get, clock)
    web = hub.source("web")
    assert hub.source("web") is web
    assert hub.source("db") is not web
    assert [source.name for source in hub.fresh()] == ["http:web", "http:db"]
    assert hub.fresh() == []
    for number in range(MOST - 2):
        hub.source(str(number))
    with pytest.raises(EndedError, match="share a token"):
        hub.source("one more")
    hub.close()
    with pytest.raises(EndedError):
        web.offer([b"a"])


class Running:
    """A pipeline that takes what is posted to `hub`, in a thread."""

    def __init__(self, writer: Writer) -> None:
        self.hub = Hub()
        opener = Opener([], bookmark=lambda _name: None, clock=clock, hub=self.hub)
        rules = RuleSet({}, [])
        self.pipeline = Pipeline(writer, writer.load_state(), rules, opener, clock=_counting(), batch=50)
        self.pipeline.beside = (self,)
        self.waiting: Ticket | None = None
        self.heard_first = False
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.pipeline.run, args=(self.stop,))

    note = ""

    def start(self) -> None:
        """What runs beside it, such as a service whose requests wait, begins."""

    def close(self) -> None:
        """And ends: what it waits for must have been told by then."""
        self.heard_first = self.waiting is not None and self.waiting.stored.done()

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.pipeline.wake.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


def _counting() -> Callable[[], int]:
    """A clock on which a second passes at each look, so that nothing waits for the next look around."""
    passed = iter(range(10**9))
    return lambda: NOW + next(passed) * 1_000_000


def test_many_senders_at_once_and_every_count_adds_up(writer: Writer) -> None:
    with Running(writer) as running:

        def post(number: int) -> int:
            source = running.hub.source(f"host{number % 7}")
            ticket = source.offer([LINE] * (number % 5 + 1))
            ticket.stored.result(timeout=60)
            return number % 5 + 1

        with ThreadPoolExecutor(50) as pool:
            sent = sum(pool.map(post, range(400)))
    with open_store(writer.path) as store:
        assert store.events.count().value == sent
        names = {row.name: row.lines for row in store.triage.sources()}
    assert set(names) == {f"http:host{number}" for number in range(7)}
    assert sum(names.values()) == sent


def test_an_answer_comes_after_lines_and_receipt_are_there(writer: Writer) -> None:
    receipt = Receipt("http:web", "k", b"d", "{}")
    with Running(writer) as running, open_store(writer.path) as store:
        running.hub.source("web").offer([LINE] * 120, receipt).stored.result(timeout=60)
        assert store.events.count().value == 120
        assert store.receipts.find("http:web", "k", NOW) == receipt


class FullWriter:
    """The writer of a disk that is full from the start."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.tried = threading.Event()

    def commit(self, batch: Batch) -> None:
        if batch.events:
            self.tried.set()
            raise StoreFullError("the disk is full")
        self._writer.commit(batch)

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


def test_what_a_full_store_did_not_take_is_told_when_all_ends(writer: Writer) -> None:
    full = FullWriter(writer)
    with Running(full) as running:  # type: ignore[arg-type]
        ticket = running.waiting = running.hub.source("web").offer([LINE])
        assert full.tried.wait(30)
    assert running.heard_first
    assert isinstance(ticket.stored.exception(timeout=60), EndedError)
    with open_store(writer.path) as store:
        assert store.events.count().value == 0


def test_what_waits_when_a_source_is_closed_gives_its_room_to_others() -> None:
    room = Room(1_000)
    source = PostedSource("http:web", clock=lambda: 0, room=room)
    tickets = [source.offer([b"x" * 100]) for _ in range(3)]
    assert source.read(1) is not None
    source.close()
    assert room.held == 0
    assert all(ticket.stored.exception() is not None for ticket in tickets)


def test_a_key_that_the_store_has_forgotten_is_new_again() -> None:
    source = PostedSource("http:web", clock=lambda: 0)
    promises, receipt = Promises(lambda _owner, _key: None), Receipt("http:web", "k", b"digest", "{}")
    first = promises.deliver(source, [b"a"], receipt)
    assert source.read(9) is not None
    assert promises.deliver(source, [b"a"], receipt).again
    source.committed(1)
    assert first.ticket is not None
    assert first.ticket.stored.done()
    assert not promises.deliver(source, [b"a"], receipt).again
