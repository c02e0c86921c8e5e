"""The one way log text enters a prompt: cleaned, without secrets, marked line by line, inside a fence.

Log text is attacker input. What a model could take for the end of the data, for a turn of the conversation
or for invisible instructions is made visible and harmless here; nothing is interpreted.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

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

_HIDDEN = "[redacted]"
_KEY = (
    r"(?:[a-z0-9_-]{0,30}(?:password|passwd|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key)"
    r"|pwd|pass|authorization|x-auth-[a-z]{1,20})"
)
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        # To its end where that comes, else as far as it looks like a key: whoever writes its first line
        # into a log must not hide what others wrote after it.
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
            r"(?:(?:[\s␊␍A-Za-z0-9+/=:,]|-(?!----)|\\[nr]){0,8000}?-----END [A-Z ]{0,40}PRIVATE KEY-----"
            r"|(?:(?:[\s␊␍]|\\[nr]){0,4}(?:[A-Za-z0-9+/]{16,}={0,2}))*"
            r"(?:(?:[␊␍]|\\[nr]){1,4}[A-Za-z0-9+/]{1,80}={0,2})?)",
        ),
        _HIDDEN,
    ),
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"), _HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), _HIDDEN),
    (
        re.compile(
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|sk-[\w-]{16,})"
        ),
        _HIDDEN,
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (
        re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}):[^\s/@]{1,200}@", re.IGNORECASE),
        rf"\1:{_HIDDEN}@",
    ),
    (
        re.compile(
            rf"""(?<![a-z0-9])({_KEY}["']?\s?[=:]\s?)(?:"[^"\n]{{1,500}}"?|'[^'\n]{{1,500}}'?|[^\s,;&"'\[]\S*)""",
            re.IGNORECASE,
        ),
        rf"\1{_HIDDEN}",
    ),
)


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


def redact(text: str) -> str:
    """Text without what looks like a secret: keys, tokens, `password=…`, credentials in URLs.

    >>> redact("login password=hunter2 ok")
    'login password=[redacted] ok'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


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
