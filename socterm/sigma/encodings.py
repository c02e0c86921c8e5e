"""The modifiers that code a text: UTF-16 in its forms, Base64. Sigma 2.1, "Encoding"."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from socterm.errors import RuleError
from socterm.sigma.patterns import SPREAD, Wild, plain, spread, together
from socterm.sigma.values import Options, Value, Words, words_of

_HEAD: Final = (0, 2, 3)
_TAIL: Final = (None, -3, -2)
_CODECS: Final = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16": "utf-16-le", "utf16be": "utf-16-be"}


def coded(value: Value, name: str, _: Sequence[str]) -> Value:
    """A text whose characters are the bytes of another coding, wildcards kept."""
    forms = _written_out(value, name)
    if forms[0].coded:
        raise RuleError(f"|{name} cannot work on a value that is coded already")
    made = []
    for form in forms:
        parts = [
            part.encode(_CODECS[name], "surrogatepass").decode("latin-1") if isinstance(part, str) else part
            for part in form.parts
        ]
        mark = ["\xff\xfe"] if name == "utf16" else []
        made.append(form._replace(parts=together([*mark, *parts]), coded=True))
    return made[0] if len(made) == 1 else Options(tuple(made))


def base64(value: Value, name: str, _: Sequence[str]) -> Value:
    """Base64 of the whole text."""
    forms = [b64encode(data).decode() for data in _bytes(value, name)]
    return _options(forms, value)


def base64offset(value: Value, name: str, _: Sequence[str]) -> Value:
    """Base64 at each of the three places a text can have in a longer one, cut to what is its alone."""
    forms = [
        b64encode(bytes(shift) + data).decode()[_HEAD[shift] : _TAIL[(len(data) + shift) % 3]]
        for data in _bytes(value, name)
        for shift in range(3)
    ]
    if not all(forms):
        raise RuleError(
            f"a text of {len(_bytes(value, name)[0])} bytes leaves nothing that |base64offset could look for"
        )
    return _options(forms, value)


def _written_out(value: Value, name: str) -> list[Words]:
    """A text in all forms of its dashes."""
    found = words_of(value, name)
    if found.parts.count(Wild.DASH) > SPREAD:
        raise RuleError(f"|{name} behind |windash takes a text with up to {SPREAD} dashes; this one has more")
    return [found._replace(parts=form) for form in spread(found.parts)]


def _bytes(value: Value, name: str) -> list[bytes]:
    """The bytes a text stands for, in all forms of its dashes."""
    made = []
    for form in _written_out(value, name):
        said = plain(form.parts)
        if said is None:
            raise RuleError(f"|{name} cannot encode wildcards: write it before |contains, and escape * and ?")
        made.append(said.encode("latin-1" if form.coded else "utf-8", "surrogatepass"))
    return made


def _options(forms: Sequence[str], value: Value) -> Value:
    cased = isinstance(value, Words) and value.cased
    made = tuple(Words((form,) if form else (), cased) for form in forms)
    return made[0] if len(made) == 1 else Options(made)
