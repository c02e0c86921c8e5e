"""A line's template hangs on the lines before it alone: not on batches, not on restarts, not on failures."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.templates import book as books
from socterm.templates.book import FIELDS, FULL, MINED, TOLD, Book, Template

WORDS = st.sampled_from(
    ["cache", "miss", "hit", "for", "key", "12", "bob", "192.0.2.7", "a=1", "a=b", "gone", "<*>"]
)
LINES = st.lists(
    st.tuples(st.sampled_from(["app", "db", ""]), st.lists(WORDS, max_size=5).map(" ".join)), max_size=40
)


def again(book: Book) -> Book:
    """A book that knows what was stored of another."""
    made = Book()
    made.restore(msgspec.structs.replace(row) for row in book.rows.values())
    return made


def said(book: Book) -> list[Template]:
    return list(book.rows.values())


def mined(book: Book, lines: Sequence[tuple[str, str]]) -> list[int]:
    return [book.mined(program, "", line) for program, line in lines]


def test_lines_that_differ_in_names_become_one() -> None:
    book = Book()
    ids = mined(
        book, [("app", f"user {name} opened door {n}") for n, name in enumerate(["ann", "bob", "eve"])]
    )
    assert ids == [1, 1, 1]
    assert book.rows[1].text == "user <*> opened door <num>"
    assert book.mined("app", "", "user ann lost the key of door 7") == 2
    assert book.mined("other", "", "user ann opened door 7") == 3


@settings(max_examples=200)
@given(lines=LINES, cuts=st.sets(st.integers(0, 40)))
def test_restarts_change_nothing(lines: list[tuple[str, str]], cuts: set[int]) -> None:
    whole, book = Book(), Book()
    ids = mined(whole, lines)
    found = []
    for at, (program, line) in enumerate(lines):
        if at in cuts:
            book = again(book)
        found.append(book.mined(program, "", line))
        if at % 3 == 0:
            book.settle()
    assert found == ids
    assert said(book) == said(whole)


@settings(max_examples=150)
@given(before=LINES, lost=LINES, after=LINES)
def test_what_was_not_stored_was_never_seen(
    before: list[tuple[str, str]], lost: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    book, other = Book(), Book()
    mined(book, before), mined(other, before)
    book.settle()
    mined(book, lost)
    book.told("sshd", "ssh_login", "failure", "", "x")
    book.forget()
    assert said(book) == said(other)
    assert mined(book, after) == mined(other, after)
    assert said(book) == said(other)


def test_what_a_parser_told_is_one_template_whatever_the_words() -> None:
    book = Book()
    one = book.told(
        "sshd", "ssh_login", "failure", "", "Failed password for root from 192.0.2.7 port 22 ssh2"
    )
    assert book.told("sshd", "ssh_login", "failure", "", "something else") == one
    assert book.told("sshd", "ssh_login", "success", "", "Accepted password for root") != one
    assert book.rows[one].how == TOLD
    assert book.rows[one].text == "Failed password for root from <ip> port <num> ssh<n>"


def test_names_of_fields_are_a_template_where_nothing_else_is_known() -> None:
    book = Book()
    one = book.fields("json", ("a", "b c"))
    assert (one, book.rows[one].text) == (1, "a b_c")
    assert book.fields("json", ("a", "b c")) == one
    assert book.fields("json", ("a",)) == 2


def test_a_flood_of_ever_new_lines_fills_a_bounded_book_that_restarts_alike() -> None:
    rng, book = random.Random(7), Book()

    def lines(count: int) -> list[tuple[str, str]]:
        words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(200)]
        return [
            (f"p{rng.randrange(40)}", " ".join(rng.choices(words, k=rng.randrange(1, 20))))
            for _ in range(count)
        ]

    mined(book, lines(30_000))
    assert len(book.rows) <= books.MOST + 1
    assert max(len(tree) for tree in book._trees.values()) <= books.MOST_OF_ONE
    more = lines(500)
    copy = again(book)
    assert mined(copy, more) == mined(book, more)


def test_no_more_than_so_many_templates() -> None:
    book = Book()
    for number in range(books.MOST + 50):
        book.told(f"d{number % 10}", f"action {number}", "", "", "m")
    assert len(book.rows) == books.MOST + 1
    assert book.rows[books.MOST + 1].how == FULL
    assert book.mined("p", "", "quite new") == books.MOST + 1
    assert again(book).told("d1", "one more", "", "", "m") == books.MOST + 1
    assert not any(row.how == MINED for row in said(book))


def test_who_can_write_any_line_leaves_room_for_what_parsers_know() -> None:
    book = Book()
    for number in range(books.MOST_GUESSED + 50):
        book.mined(f"program{number}", "syslog", "a line")
    full = book.fields("json", ("a",))
    assert book.rows[full].how == FULL
    for one in (book, again(book)):
        assert one.mined("another", "syslog", "a line") == full
        assert one.rows[one.told("sshd", "ssh_login", "failure", "", "m")].how == TOLD


@pytest.mark.parametrize(("how", "most"), [(FIELDS, books.MOST_OF_ONE), (TOLD, books.MOST_TOLD)])
def test_one_dataset_does_not_take_all_the_room(how: str, most: int) -> None:
    def given(book: Book, dataset: str, number: int) -> Template:
        if how == FIELDS:
            return book.rows[book.fields(dataset, (f"key{number}",))]
        return book.rows[book.told(dataset, f"action{number}", "", "", "m")]

    book = Book()
    for number in range(most):
        assert given(book, "json", number).how == how
    for one in (book, again(book)):
        assert given(one, "json", most).how == FULL
        assert given(one, "json", 7).how == how
        assert given(one, "other", most).how == how
