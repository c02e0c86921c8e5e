"""Words of questions and of templates as they can be compared: split, lower case, without endings."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z]+|\d+", re.ASCII)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LOGIN = re.compile(r"\b(?:log|logg|sign)(?:ed|s|ing)?[ -]?(?:in|on)s?\b|\blogons?\b", re.IGNORECASE)
_LOGOUT = re.compile(r"\b(?:log|logg|sign)(?:ed|s|ing)?[ -]?(?:out|off)s?\b", re.IGNORECASE)
_LOGS = re.compile(r"[lLsS](?:[oO][gG]{1,2}|[iI][gG][nN])[A-Za-z]{0,3}[ -]?[iIoO]")
"""What both need, found quickly."""

_ENDINGS = (
    "ations", "ation", "ments", "ment", "ures", "ure", "ions", "ion", "ings", "ing", "ers", "ies", "ied",
    "ed", "es", "er", "ly", "e", "s", "y",
)  # fmt: skip
_SHORTEST = 3
_IRREGULAR = {
    "ran": "run", "stole": "steal", "stolen": "steal", "sent": "send", "broke": "break", "broken": "break",
    "began": "begin", "begun": "begin", "wrote": "write", "written": "write", "took": "take", "got": "get",
    "made": "make", "left": "leave", "gave": "give", "given": "give", "shut": "shutdown", "lost": "lose",
    "hid": "hide", "hidden": "hide", "cron": "cron", "crontab": "crontab", "admins": "admin",
}  # fmt: skip
_MOST_WORDS = 400


def split(text: str) -> list[str]:
    """The words of a text, lower case.

    >>> split("ConsoleLogin failed: user_created, 4625")
    ['consolelogin', 'failed', 'user', 'created', '4625']
    """
    return [word.lower() for word in _WORD.findall(one_word(text))[:_MOST_WORDS]]


def one_word(text: str) -> str:
    """A text in which logging in and out are one word each, however they are written."""
    return _LOGOUT.sub("logout", _LOGIN.sub("login", text)) if _LOGS.search(text) else text


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without its ending.

    >>> [stem(word) for word in ("failed", "failures", "deletes", "deleting", "ran", "ssh")]
    ['fail', 'fail', 'delet', 'delet', 'run', 'ssh']
    """
    known = _IRREGULAR.get(word)
    if known is not None:
        return known
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            bare = word[: -len(ending)]
            return bare[:-1] if len(bare) > _SHORTEST and bare[-1] == bare[-2] and bare[-1] != "l" else bare
    return word


def stems(text: str) -> frozenset[str]:
    """The words of a text without endings, each once; of one in camel case its parts, too.

    >>> sorted(stems("ConsoleLogin failed"))
    ['consol', 'consolelogin', 'fail', 'login']
    """
    return frozenset(map(stem, parted(one_word(text))))


def parted(text: str) -> list[str]:
    """The words of a text as they are but in lower case; of one in camel case its parts, too."""
    whole = _WORD.findall(text)[:_MOST_WORDS]
    parts = (part for word in whole if not word.islower() for part in _PART.findall(word))
    return [word.lower() for word in (*whole, *parts)]


def beginning(word: str) -> str:
    """What words of one stem begin with, and the stem itself: enough to look for a word among few.

    >>> beginning("failures") == beginning(stem("failures")), beginning("ran") == beginning("runs")
    (True, True)
    """
    return _IRREGULAR.get(word, word)[:_SHORTEST]
