"""The index of words finds what going over all templates would find, and no more."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.taxonomy import ACTIONS
from socterm.templates.book import FIELDS, MINED, TOLD, Template
from socterm.templates.index import Index
from socterm.templates.words import stems

SAID = """
failed failures fail logged in log on sign-in signed out LogOn ConsoleLogin user=<num> user=failed, ran runs
run ss s sh ssh2 {} {a b} <*> naïve Ünlock état 4625 a.b.c log logs logging catalog wrote writes WRITES
"""
PIECES = st.sampled_from(SAID.split())
TEXTS = st.lists(PIECES, max_size=8).map(" ".join)
TOLDS = st.sampled_from([("", ""), ("logged-in", "4624/10"), ("ssh_login", ""), ("an_odd-Action", "7")])
ROWS = st.lists(st.tuples(TEXTS, TOLDS), max_size=12)


def rows_of(found: list[tuple[str, tuple[str, str]]]) -> list[Template]:
    return [
        Template(
            n, TOLD if action else MINED, text, "app", "syslog", action, "failure" if action else "", code
        )
        for n, (text, (action, code)) in enumerate(found, 1)
    ]


@settings(max_examples=300)
@given(found=ROWS)
def test_every_word_of_every_template_is_found(found: list[tuple[str, tuple[str, str]]]) -> None:
    rows = rows_of(found)
    index, alone = Index(rows), [Index([row]) for row in rows]
    words = set().union(*(stems(row.text) for row in rows), stems("failed logins remote desktop syslog ran"))
    for word in words:
        having = index.having(word)
        assert having == frozenset(row.id for row, one in zip(rows, alone, strict=True) if one.having(word))
        said = {row.id for row in rows if not row.text.startswith("{") and word in stems(row.text)}
        assert said <= having
        assert having <= said | {row.id for row in rows if word in stems(f"{row.dataset} {_meant(row)}")}


def _meant(row: Template) -> str:
    """More than enough of what an action and a code say."""
    said = {"logged-in": "remote desktop rdp terminal services", "ssh_login": ""}.get(row.action, "")
    return f"{row.action} {row.outcome} {row.code} {said} {_meaning(row.action)}"


def _meaning(action: str) -> str:
    known = ACTIONS.get(action)
    return known.meaning if known is not None else ""


def test_several_words_and_actions() -> None:
    index = Index(
        rows_of([("failed password", ("", "")), ("failed", ("ssh_login", "")), ("password", ("", ""))])
    )
    assert index.having_all(["fail", "password"]) == {1}
    assert index.having_all(["fail", "nowhere"]) == frozenset()
    assert [row.id for row in index.doing(["ssh_login", "unheard"])] == [2]


def test_names_of_fields_of_json_are_no_words() -> None:
    row = Template(1, FIELDS, "{failed login", dataset="json")
    assert Index([row]).having("fail") == frozenset()
    assert Index([row]).having("json") == {1}
