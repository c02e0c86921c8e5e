"""The grammar of the query language, and the one place that speaks with lark.

Which word a token is depends on where it stands (lark's contextual lexer): `and` after a colon is a value,
`[` opens a range only there. A name is a field only when `:` or a comparison follows at once, so that
`sshd[12]:`, `10:42:07` and `fe80::1` stay plain words.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from socterm.errors import QueryError

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_GRAMMAR = r"""
start: _any?

_any: or_
?or_: and_ (_OR and_)*
?and_: not_ (_AND? not_)*
?not_: (_NOT | _MINUS) not_ -> negated
     | "(" or_ ")"
     | FIELD ":" _value     -> field
     | FIELD COMPARE (WORD | PHRASE) -> comparison
     | WORD                 -> free
     | PHRASE               -> free

_value: WORD | PHRASE | range | "(" v_or ")"
range: _LSQB (BOUND | PHRASE) _TO (BOUND | PHRASE) _RSQB
?v_or: v_and (_OR v_and)*          -> or_
?v_and: v_not (_AND? v_not)*       -> and_
?v_not: (_NOT | _MINUS) v_not      -> negated
      | "(" v_or ")"
      | WORD
      | PHRASE

_OR.3: /or(?![^\s()"])/i
_AND.3: /and(?![^\s()"])/i
_NOT.3: /not(?![^\s()"])/i
_MINUS.3: /-(?=\S)/
_TO.3: /to(?![^\s\[\]"])/i
_LSQB.2: "["
_RSQB: "]"
FIELD.2: /[A-Za-z_@][A-Za-z0-9_.@-]*(?=:(?!:)|[<>])/
COMPARE.2: /[<>]=?/
PHRASE.2: /"(?:\\.|[^"\\])*"/s
BOUND: /[^\s\[\]"()]+/
WORD: /(?:\\.|[^\s"()])+/
%ignore /\s+/
"""


@functools.cache
def _parser() -> Lark:
    """Built once, at the first query: importing lark costs more than most commands' whole start."""
    from lark import Lark  # noqa: PLC0415

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def read(text: str) -> Tree[Token]:
    """The syntax tree of a query text. Raises QueryError that points at the character."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken  # noqa: PLC0415

    try:
        return _parser().parse(text)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        position = len(text) if at_end else (error.token.start_pos or 0)
        raise QueryError(
            _explain(text, position, at_end, set(error.accepts or error.expected)), position
        ) from None
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise QueryError(_explain(text, position, False, error.allowed or set()), position) from None
    except UnexpectedInput as error:
        raise QueryError("cannot be read from here on", error.pos_in_stream or 0) from None


def _explain(text: str, position: int, at_end: bool, expected: set[str]) -> str:
    if expected & {"_TO", "_RSQB", "BOUND"}:
        return "a range is written like [1 TO 1024]"
    if at_end and "RPAR" in expected and "$END" not in expected:
        return "a parenthesis is not closed: add one at the end"
    if at_end:
        return "something is missing at the end: a word or a value"
    if text[position] == '"':
        return "the quote is not closed: add a closing one"
    if text[position] == ")":
        return "a closing parenthesis without an opening one, or an empty pair"
    return f"{text[position]!r} cannot stand here: quote it to search for it"
