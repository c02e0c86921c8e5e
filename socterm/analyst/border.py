"""The one way log text enters a prompt: cleaned, without secrets, marked line by line, inside a fence.

Log text is attacker input. What a model could take for the end of the data, for a turn of the conversation
or for invisible instructions is made visible and harmless here; nothing is interpreted.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from socterm.analyst.redaction import redact

__all__ = ["LIMIT", "clean", "defuse", "one_line", "plain", "redact", "untrusted"]

LIMIT = 6_000
"""Characters one fenced piece may have: about 2,000 tokens."""

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = (
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_UNSEEN = re.compile(f"[{_CONTROL}{_INVISIBLE}]")
_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ZALGO = re.compile(f"([{_MARKS}]{{3}})[{_MARKS}]+")

_TURN_WORDS = (
    "s|sys|system|user|assistant|think|thinking|tool|tool_call|tool_calls|tool_response|tool_result|tools|"
    "function|functions|function_call|function_results|start_of_turn|end_of_turn|bos|eos|pad|unk|im_start|im_end"
)
_TAG = re.compile(rf"<(?=\s*/?\s*(?:{_TURN_WORDS})\b)", re.IGNORECASE)
_BRACKET = re.compile(
    r"\[(\s*/?\s*(?:INST|SYS|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\s*)\]", re.IGNORECASE
)
_ALIKE = str.maketrans("＜﹤≮＞﹥≯｜［﹇］﹈＃﹟", "‹‹‹›››¦(())♯♯")
"""What becomes a bracket, a bar or a heading where letters are taken for those they look like (NFKC)."""

_HEADING = re.compile(r"##+(?=\s*(?:system|user|assistant|human|instruction|response)\b)", re.IGNORECASE)


def clean(text: str, limit: int = LIMIT) -> str:
    """Text with everything unseen made visible (`<U+202E>`), at most three marks a letter, length capped."""
    left = len(text) - limit
    if left > 0:
        text = text[:limit]
    text = text.replace("\r\n", "\n").replace("\t", " ")
    text = _ZALGO.sub(r"\1", _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text))
    return f"{text} …(+{left:,} characters)" if left > 0 else text


def one_line(text: str, limit: int = 160) -> str:
    """The same on one line, for a log line in a sentence or a list; it cannot pose as a citation of ours."""
    flat = text.replace("\r", "␍").replace("\n", "␊").replace("[#", "(#")
    return clean(flat, limit)


def defuse(text: str) -> str:
    """Text in which nothing can be taken for a fence or for a chat template's own tokens.

    Nor by a tokenizer that takes letters for those they look like: where only that would show a token, the
    text stands in plain letters.
    """
    said = _defused(text)
    if said.isascii():
        return said
    read = unicodedata.normalize("NFKC", said)
    safe = _defused(read)
    return said if safe == read else safe


def _defused(text: str) -> str:
    text = text.translate(_ALIKE).replace("<|", "<¦").replace("|>", "¦>")
    text = _HEADING.sub("♯", _BRACKET.sub(r"(\1)", _TAG.sub("‹", text)))
    return re.sub("<(?=<)", "< ", re.sub(">(?=>)", "> ", text))


def plain(text: str, limit: int = LIMIT) -> str:
    """What a person typed, for a prompt: cleaned and defused, not fenced."""
    return defuse(redact(clean(text, limit)))


def untrusted(text: str, *, label: str = "log", limit: int = LIMIT, nonce: str = "") -> str:
    """Text from outside, fenced for a prompt; exactly one opening and one closing fence, whatever it says.

    `nonce` is random unless given; `label` is one of our own words.
    """
    mark = nonce or secrets.token_hex(8)
    body = "\n".join(f"| {line}" for line in plain(text, limit).split("\n"))
    return f"<<data {mark} {label}>>\n{body}\n<<end {mark}>>"
