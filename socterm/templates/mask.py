"""A line without what varies from one to the next: numbers, addresses, paths and quoted names become marks.

Words without a digit mostly stay; which of them vary only shows when many lines are compared (`tree`).
Work and result are bounded whatever the line is: a line of 64 KiB costs as much as its beginning.
"""

from __future__ import annotations

import re

LONGEST = 480
"""Characters of a message that are looked at."""

MOST_TOKENS = 32
"""Words of a template; what comes after them is one mark."""

REST = "<…>"
"""Stands for all words beyond the last one that is kept."""

ANY = "<*>"
"""A place where lines of one template differ."""

_LONGEST_WORD = 64
_REMEMBERED = 16_384

_NO_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
"""All digits are alike to what follows; so most words have been seen before."""

_QUOTED = re.compile(r'"[^"]{0,400}"|(?<![\w\'])\'[^\']{0,400}\'(?!\w)')
_BEFORE, _AFTER = "[({<\"'`", "])}>\"'`.,;:!?"
_SHAPES = (
    (r"[-+]?\d[\d,]*(?:\.\d+)?(?:%|ms|us|ns|s|m|h|d|kb|mb|gb|kib|mib|gib|b|k)?", "<num>"),
    (r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?:[:#]\d{1,5})?", "<ip>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    (r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", "<mac>"),
    (r"0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{6,}", "<hex>"),
    (r"(?:sha|md)\d+:\S+", "<hash>"),
    (r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T_ ]\S*)?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?Z?", "<time>"),
    (r"\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:%\w+)?\]?(?:/\d{1,3}|:\d{1,5})?", "<ip>"),
    (r"[a-z][a-z0-9+.-]{1,12}://\S+", "<url>"),
    (r"(?:~|\.{1,2}|[a-z]:)?[/\\][^\s=]*", "<path>"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", "<mail>"),
    (r"(?:[\w-]+\.){2,}[a-z][\w-]*", "<name>"),
    (r"s-\d+(?:-\d+){2,}", "<sid>"),
)
"""Whole words that vary → their mark; the first that fits counts."""

_SHAPE = re.compile(
    "|".join(f"({pattern})\\Z" for pattern, _ in _SHAPES), re.IGNORECASE | re.ASCII
)  # no group inside: the number of the one that fits says which
_MARKS = ("", *(mark for _, mark in _SHAPES))
_DIGITS = re.compile(r"\d+")
_PLAIN = re.compile(r"[A-Za-z_-]+[:,.]?\Z")


def _mask_word(word: str) -> str:
    """One word without what varies in it."""
    if word.isdecimal():
        return "<num>"
    if _PLAIN.match(word):
        return word
    core = word.lstrip(_BEFORE)
    before = word[: len(word) - len(core)]
    bare = core.rstrip(_AFTER)
    after = core[len(bare) :]
    key, _, value = bare.partition("=")
    if value and "/" not in key:
        return f"{before}{key}={_core(value)}{after}"
    return f"{before}{_core(bare)}{after}"


def _core(text: str) -> str:
    if len(text) > _LONGEST_WORD:
        return "<long>"
    if text.isdecimal():
        return "<num>"
    found = _SHAPE.match(text)
    if found is not None:
        return _MARKS[found.lastindex or 0]
    digits = _DIGITS.findall(text)
    if not digits:
        return text
    if sum(map(len, digits)) * 2 > len(text) or len(digits) > 2:
        return "<id>"
    return _DIGITS.sub("<n>", text)


class _Words(dict[str, str]):
    """Words seen before, masked: a memo of pure reading, bounded."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = masked = _mask_word(word[: _LONGEST_WORD + 2])
        return masked


class Masker:
    """Masks messages; keep one, for it remembers words.

    >>> " ".join(Masker()("Failed password for root from 192.0.2.7 port 4022 ssh2"))
    'Failed password for root from <ip> port <num> ssh<n>'
    >>> Masker()('user="Ann Lee" opened /srv/a b')
    ('user="<*>"', 'opened', '<path>', 'b')
    """

    def __init__(self) -> None:
        self._words = _Words()

    def __call__(self, message: str) -> tuple[str, ...]:
        """The message's words, masked; at least one."""
        text = message
        cut = len(text) > LONGEST
        if cut:
            text = text[:LONGEST]
        text = text.encode("utf-8", "replace").translate(_NO_DIGITS).decode()  # JSON can carry half a letter
        if '"' in text or "'" in text:
            text = _QUOTED.sub(_unquoted, text)
        tokens = text.split(None, MOST_TOKENS)
        if len(tokens) > MOST_TOKENS or cut:
            tokens = [*tokens[: MOST_TOKENS - 1], REST]
        words = self._words
        return tuple([words[token] for token in tokens]) or ("",)


def _unquoted(found: re.Match[str]) -> str:
    quote = found[0][0]
    return f"{quote}{ANY}{quote}"
