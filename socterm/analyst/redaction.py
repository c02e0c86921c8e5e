"""What looks like a secret in a log, a command line or a question, and how it is taken out.

A table of patterns, each with what stays of it: which one it was is often evidence.
No pattern reaches beyond its own line but that of a key in several lines, and that one only as far as it
looks like a key: whoever writes into a log must not be able to hide what others wrote after it.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "[redacted]"

_KEY = (
    r"(?:[a-z0-9_-]{0,30}(?:password|passwd|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key"
    r"|account_?-?key|credentials?)|pwd|pass|authorization|x-auth-[a-z]{1,20})"
)
_OPTION = (
    r"(?:password|passwd|passphrase|secret|token|api-?key|(?:access|auth)-?token|client-?secret"
    r"|(?:store|key)pass)"
)

_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"(?:(?:[\s␊␍A-Za-z0-9+/=:,]|-(?!----)|\\[nr]){0,8000}?-----END [A-Z ]{0,40}PRIVATE KEY-----"
    r"|(?:(?:[\s␊␍]|\\[nr]){0,4}(?:[A-Za-z0-9+/]{16,}={0,2}))*"
    r"(?:(?:[␊␍]|\\[nr]){1,4}[A-Za-z0-9+/]{1,80}={0,2})?)"
)
"""To its end where that comes, else as far as there are lines of it."""

_TOKENS = re.compile(
    r"\b(?:eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"  # JWT
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|sk-[\w-]{16,}"
    r"|[sr]k_(?:live|test)_\w{8,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|npm_\w{30,}|hf_\w{30,}|dop_v1_\w{20,})"
)


def _after(pattern: str) -> tuple[re.Pattern[str], str]:
    """What its first group says stays, the rest is hidden; `␣` is a gap within the line."""
    return re.compile(pattern.replace("␣", r"[^\S\n]"), re.IGNORECASE), rf"\1{HIDDEN}"


_SECRETS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (_PEM, HIDDEN),
    (_TOKENS, HIDDEN),
    # headers
    _after(r"(\bdigest␣+)[^\n]{0,200}\bresponse=[^\n]{1,300}"),
    _after(r"(\b(?:bearer|basic|authorization:␣?token)␣+)[\w.~+/=-]{6,}"),
    _after(r"(\b(?:set-)?cookie:␣?)[^\n\"']{1,1000}"),
    # addresses
    _after(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)"),
    _after(r"([?&;\s]sig=)[^\s&;]{6,}"),
    # what programs are called with
    _after(rf"""((?<![\w-])--?{_OPTION}␣+)(?![-\s])(?:"[^"\n]{{1,300}}"?|'[^'\n]{{1,300}}'?|\S+)"""),
    _after(r"""(\bcurl\b[^\n|;&]{0,300}?␣(?:-u␣?|--user[ =])["']?[^\s:"']{1,100}:)[^\s"']{1,200}"""),
    _after(r"(\bsshpass␣{1,4}-p␣?)\S+"),
    _after(r"(\b(?:mysql|mariadb)[a-z-]{0,12}\b[^\n|;&]{0,300}?␣-p)[^\s-]\S*"),
    _after(r"(\bhtpasswd␣(?:-\w{1,6}␣){0,6}?-\w{0,5}b\w{0,5}␣(?:-\w{1,6}␣){0,6}\S+␣\S+␣)\S+"),
    _after(r"(\bnet1?(?:\.exe)?␣{1,4}user␣{1,4}[^\s/]\S*␣{1,4})[^\s/]\S*"),
    _after(r"(\b(?:identified␣{1,4}by|(?:with|set)␣{1,4}password)\b[^'\n]{0,60})'[^'\n]{1,200}'?"),
    # a name and its value; where a shell stands is none (`PWD=/home/alice`, as sudo writes it)
    _after(
        rf"""(?<![a-z0-9])(?!(?-i:PWD)=[/~])({_KEY}["']?␣?[=:]␣?)"""
        r"""(?:"[^"\n]{1,500}"?|'[^'\n]{1,500}'?|[^\s,;&"'\[]\S*)"""
    ),
)


def redact(text: str) -> str:
    """Text without what looks like a secret: keys, tokens, `password=…`, credentials in URLs and commands.

    >>> redact("login password=hunter2 ok")
    'login password=[redacted] ok'
    >>> redact("PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/curl -u ann:hunter2 https://example.org")
    'PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/curl -u ann:[redacted] https://example.org'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


_WORD = re.compile(r"""[^\s"'“”‘’`,;=:&?@()\[\]]{4,200}""")


def without_secrets_of(question: str, answer: str) -> str:
    """An answer without the secrets of its question, which it may repeat without what shows them for secrets.

    >>> without_secrets_of("who used token=hunter2?", "Nothing is known of “hunter2”.")
    'Nothing is known of “[redacted]”.'
    """
    left = redact(question)
    words = sorted({word for word in _WORD.findall(question) if word not in left}, key=len, reverse=True)
    if not words:
        return answer
    hidden = "|".join(map(re.escape, words[:100]))
    return re.sub(rf"(?<!\w)(?:{hidden})(?!\w)", HIDDEN, answer, flags=re.IGNORECASE)
