"""Keys and values of rules that remember: the short way for plain text gives what the long way gives."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from socterm.event import Event
from socterm.sigma.fields import names_of, text, values
from socterm.sigma.learning.values import SEVERAL, SOURCE, Key, key_reader, short, value_reader

LINUX = ("linux", "", "")
FIELDS = ("user.name", "User Name", "source.ip", "message", "event.kind", SOURCE, "a")

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, 0.5, "", "1", "root", "é", "x" * 201])
)
held = st.one_of(scalars, st.lists(scalars, max_size=3), st.lists(scalars, max_size=3).map(tuple))
events = st.builds(
    lambda fields: Event(0, "file:/var/log/é", 0, "raw", fields),
    st.dictionaries(st.sampled_from([*FIELDS, "UserName", ""]), held, max_size=5),
)
asked = st.lists(st.sampled_from(FIELDS), max_size=2, unique=True).map(tuple)


def all_values(event: Event, field: str) -> list[Any]:
    return [event.source] if field == SOURCE else list(values(event, names_of(field, LINUX)))


@given(asked, events)
def test_a_key_is_the_first_value_of_each_field(fields: tuple[str, ...], event: Event) -> None:
    found = [all_values(event, field)[:1] for field in fields]
    expected: Key | None = None
    if all(one and one[0] != "" for one in found):
        expected = tuple(short(text(one[0])) for one in found)
    assert key_reader(fields, LINUX)(event) == expected


@given(asked, events)
def test_values_are_each_combination_once(fields: tuple[str, ...], event: Event) -> None:
    columns = [
        [short(text(value)) for value in all_values(event, field)[:SEVERAL] if value != ""]
        for field in fields
    ]
    expected = list(dict.fromkeys(islice(product(*columns), SEVERAL)))
    assert value_reader(fields, LINUX)(event) == expected
