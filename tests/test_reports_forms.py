"""Reports in their two forms: the same statements, and no text of a log is ever read as markup."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from socterm.reports import Document, html, markdown, plain
from socterm.reports.document import LONGEST
from socterm.reports.plain import text
from socterm.visible import visible

from report_facts import REPORTS, saying

ANCHOR = re.compile(r"(alert|event|incident|decision|exception|note)-[0-9]+(-[0-9]+)?")
VOID = {"meta", "link", "img", "br", "hr", "input"}
NASTY = [
    "<script>alert(1)</script>", "</code></td></table><img src=x onerror=alert(1)>", '"><a href="x:1">',
    "--><!-- x", "&lt;b&gt; &amp;", "[x](javascript:1)", "![x](http://192.0.2.1/x.png)", "`", "``` \n# x",
    "a`b``c", "`x` <b>", "| a | b |", "\\| x \\", "\\", "* x", "# x", "1. x", "> x", "***", "---", "~~x~~",
    "http://192.0.2.1/ www.example.com ann@example.com", "<http://example.com>", "\x1b]52;c;ZXZpbA==\x07",
    "a\nb\r\n\n# c\n| d |", "\u202egpj.exe", "\u2066x\u2069", "\ud800", "\x00", "\t", " ", "  x  ",
    "&#x3c;b>", "$x$", "<a id=\"alert-1\"></a>", "[alert 1](#alert-1)", "]: x", "[x]: http://example.com",
    "-", "x" * 9, "é̂̃̄̅̆",
]  # fmt: skip
SAID = st.lists(st.sampled_from(NASTY) | st.text(max_size=30), min_size=1, max_size=60)


class Page(HTMLParser):
    """What an HTML parser makes of a report."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.ids: list[str] = []
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.within: str = ""
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        ident = dict(attrs).get("id")
        if ident is not None:
            self.ids.append(ident)
            self.within = ident
            self.texts[ident] = ""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.odd.append(f"</{tag}>")
        if tag in ("li", "tr"):
            self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within:
            self.texts[self.within] += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"<!--{data}")

    def handle_pi(self, data: str) -> None:
        self.odd.append(f"<?{data}")


def tokens(page: str) -> list[Token]:
    """What a Markdown parser makes of it that makes links of bare addresses, too."""
    found = MarkdownIt("gfm-like").parse(page)
    return [one for token in found for one in (token, *(token.children or ()))]


def shape(page: str) -> list[tuple[str, str]]:
    """The markup of a page without its texts."""
    return [
        (token.type, token.content if token.type == "html_inline" else str(token.attrs.get("href", "")))
        for token in tokens(page)
        if token.type not in ("text", "text_special", "code_inline", "inline")
    ]


def _harmless(given: str, word: str) -> str:
    """Nothing where nothing was, blank where it was blank, else the word on as many lines."""
    if not given.strip():
        return " " * (int(word[1:]) + 1) if given else ""
    return "\n".join(word if line.strip() else "" for line in given.splitlines())


def told(name: str, texts: list[str]) -> tuple[Document, Document]:
    """A report with these texts, and the same with a harmless word for each, in the same order."""
    words = {one: f"w{number:03d}" for number, one in enumerate(sorted(set(texts)))}
    harmless = [_harmless(one, words[one]) for one in texts]
    return REPORTS[name](saying(*texts)), REPORTS[name](saying(*harmless))


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=60)
@given(texts=SAID)
@example(texts=NASTY)
def test_each_statement_has_an_id_of_its_own_and_says_what_it_rests_on(name: str, texts: list[str]) -> None:
    document = REPORTS[name](saying(*texts))
    statements = list(document.statements())
    assert all(ANCHOR.fullmatch(one.id) for one in statements)
    assert max(Counter(one.id for one in statements).values()) == 1
    assert all(one.cites and all(ref.id >= 0 for ref in one.cites) for one in statements)
    assert all(any(text(cell).strip() or not texts[0].strip() for cell in one.cells) for one in statements)


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=60)
@given(texts=SAID)
@example(texts=NASTY)
def test_both_forms_make_the_same_statements(name: str, texts: list[str]) -> None:
    document = REPORTS[name](saying(*texts))
    ids = [one.id for one in document.statements()]
    assert Page(html(document)).ids == ids
    assert re.findall(r'<a id="([^"]*)"></a>', "".join(
        token.content for token in tokens(markdown(document)) if token.type == "html_inline"
    )) == ids  # fmt: skip
    found = plain(document)
    every = found["statements"] + [one for part in found["sections"] for one in part["statements"]]
    assert [one["id"] for one in every] == ids


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=100)
@given(texts=SAID)
@example(texts=NASTY)
def test_html_has_no_element_and_no_attribute_of_a_text(name: str, texts: list[str]) -> None:
    document, harmless = told(name, texts)
    page = Page(html(document))
    assert page.odd == page.open == []
    assert page.tags == Page(html(harmless)).tags
    for statement in document.statements():
        for run in (run for cell in statement.cells for run in cell):
            assert visible(run.text) in page.texts[statement.id]


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=100)
@given(texts=SAID)
@example(texts=NASTY)
def test_markdown_has_no_markup_of_a_text(name: str, texts: list[str]) -> None:
    document, harmless = told(name, texts)
    assert shape(markdown(document)) == shape(markdown(harmless))
    links = {one.attrs.get("href") for one in tokens(markdown(document)) if one.type == "link_open"}
    assert all(str(link).startswith("#") and ANCHOR.fullmatch(str(link)[1:]) for link in links)


@pytest.mark.parametrize("form", [html, markdown])
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_that_acts_or_hides_is_left(name: str, form: object) -> None:
    page = form(REPORTS[name](saying(*NASTY)))  # type: ignore[operator]
    assert all(char == "\n" or char.isprintable() for char in page)
    assert page.encode()


@pytest.mark.parametrize("name", REPORTS)
def test_lines_of_logs_stand_to_the_letter_in_both_forms(name: str) -> None:
    raw = 'Mar 9 sshd[1]: user "a|b" `id` <x> \\ *y* [z](w)  two  spaces'
    document = REPORTS[name](saying(raw))
    codes = [one.content for one in tokens(markdown(document)) if one.type == "code_inline"]
    assert codes.count(raw) >= 2
    assert raw in Page(html(document)).texts["event-7"]


def test_a_page_loads_nothing_and_may_run_nothing() -> None:
    page = html(REPORTS["shift"](saying("x")))
    parsed = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & {
        tag for tag, _ in parsed.tags
    }
    assert not re.search(r"url\(|@import|https?:", page)
    assert ("http-equiv", "Content-Security-Policy") in [pair for _, attrs in parsed.tags for pair in attrs]
    assert "default-src 'none'" in str(parsed.tags)
    assert "@media print" in page
    assert "prefers-color-scheme: dark" in page


def test_what_is_very_long_is_cut_and_counted() -> None:
    long = "y" * (LONGEST + 25)
    for form in (html, markdown):
        page = form(REPORTS["shift"](saying(long)))
        assert "y" * LONGEST + "…(+25 characters)" in page
        assert "y" * (LONGEST + 1) not in page
