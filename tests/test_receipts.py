"""What senders are told is committed with the lines it is about, found for a day, and then forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.errors import StoreError
from socterm.event import Receipt
from socterm.store import open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.receipts import KEPT, MOST
from socterm.store.ingest.writer import Writer

from store_samples import NOW, batch, event

ONE = Receipt("http:web", "k-1", b"digest", '{"accepted":1}')


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer.open(tmp_path / "s.db", now=NOW)
    yield made
    made.close()


def found(writer: Writer, receipt: Receipt = ONE, now: int = NOW) -> Receipt | None:
    with open_store(writer.path, readonly=True) as store:
        return store.receipts.find(receipt.owner, receipt.key, now)


def test_a_receipt_is_found_by_who_and_key(writer: Writer) -> None:
    writer.commit(batch([event(1)], receipts=[ONE]))
    assert found(writer) == ONE
    assert found(writer, Receipt("http:other", "k-1", b"", "")) is None
    assert found(writer, Receipt("http:web", "k-2", b"", "")) is None


def test_without_its_lines_there_is_no_receipt(writer: Writer) -> None:
    writer.commit(batch([event(1)]))
    with pytest.raises(StoreError, match="stored already"):
        writer.commit(batch([event(1)], receipts=[ONE]))
    assert found(writer) is None


def test_a_day_later_it_is_not_found_and_then_deleted(writer: Writer) -> None:
    writer.commit(batch([event(1)], receipts=[ONE]))
    assert found(writer, now=NOW + KEPT) == ONE
    assert found(writer, now=NOW + KEPT + 1) is None
    other = Receipt("http:web", "k-2", b"", "{}")
    writer.commit(Batch(receipts=[other], now=NOW + KEPT + 1))
    assert found(writer) is None
    assert found(writer, other, NOW + KEPT + 1) == other


def test_a_key_that_is_used_again_after_a_day_has_its_new_answer(writer: Writer) -> None:
    writer.commit(Batch(receipts=[ONE], now=NOW))
    again = Receipt("http:web", "k-1", b"another", '{"accepted":2}')
    writer.commit(Batch(receipts=[again], now=NOW + KEPT + 1))
    assert found(writer, now=NOW + KEPT + 1) == again


def test_a_sender_of_very_many_has_its_newest_and_leaves_the_others_theirs(writer: Writer) -> None:
    writer.commit(Batch(receipts=[Receipt("http:quiet", "k", b"", "{}")], now=NOW))
    step = MOST // 10
    for round_ in range(13):
        made = [Receipt("http:web", f"k-{round_}-{number}", b"", "{}") for number in range(step)]
        writer.commit(Batch(receipts=made, now=NOW + 1 + round_))
    with sqlite3.connect(writer.path) as db:
        (count,) = db.execute("SELECT count(*) FROM receipts WHERE owner = 'http:web'").fetchone()
    assert MOST <= count <= MOST + 2 * step
    assert found(writer, Receipt("http:web", "k-0-0", b"", "")) is None
    assert found(writer, Receipt("http:web", f"k-12-{step - 1}", b"", "")) is not None
    assert found(writer, Receipt("http:quiet", "k", b"", "")) is not None


def test_what_an_earlier_writer_left_is_counted_too(tmp_path: Path) -> None:
    for round_ in range(3):
        writer = Writer.open(tmp_path / "s.db", now=NOW)
        made = [Receipt("http:web", f"k-{round_}-{number}", b"", "{}") for number in range(MOST // 2)]
        writer.commit(Batch(receipts=made, now=NOW + round_))
        gone = found(writer, Receipt("http:web", "k-0-0", b"", "")) is None
        assert gone == (round_ == 2)
        writer.close()
