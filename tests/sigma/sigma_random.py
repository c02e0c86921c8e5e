"""Random rules and random events that have something to do with each other, from one source of chance.

Rules come as documents, as an author writes them, and as trees, for what no document says. Values of rules
are mostly taken from the event beside them, so that a good part of the pairs match. Run as a script it asks
the engine and the plain evaluator about as many pairs as named; coverage is measured of that.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml
from socterm.alerts.model import RuleInfo
from socterm.event import Event, LogSource
from socterm.sigma import ir
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import text, values
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule, RuleSet
from socterm.taxonomy.logsources import serves

WORDS = (
    "", "a", "B", "ab", "Root", "root", "event", "7", "22", "1.5", "10.1.2.3", "2001:db8::1", "é", "İ", "ß",
    "ſſ", "ΣΑΣ", "σας", "\u212a", "😀", "x\ny", "\x02a\x03", "a\0b", "\1", "true", "-enc", "/s",
    "C:\\Windows\\cmd.exe",
    "2023-11-14T22:13:20Z", "powershell -EncodedCommand", "/usr/bin/python3", "segmentation fault", "*?\\",
)  # fmt: skip
ACTIONS: tuple[Any, ...] = (
    "login",
    "logout",
    "exec",
    "Exec",
    None,
    1,
    True,
    1.0,
    ("login", "exec"),
    [None],
    [],
)
FIELDS = (
    "event.action", "event.outcome", "event.category", "user.name", "a", "b", "c", "Image", "CommandLine",
    "Threat Name", "message", "event.original", "event.kind", "@timestamp", "host.name",
)  # fmt: skip
SOURCES: tuple[tuple[LogSource, ...], ...] = (
    (("linux", "process_creation", "sudo"),),
    (("linux", "", "sshd"), ("linux", "", "auth")),
    (("windows", "process_creation", ""), ("windows", "", "security")),
)
LOGSOURCES = (
    {"product": "linux"},
    {"category": "process_creation"},
    {"product": "windows", "service": "security"},
    {"service": "sshd"},
)
PATTERNS = (
    "a", "^A", "b$", "^$", "o{2}", "(root|event)", "[a-f]+", "\\d+", "x.y", "\\.exe$", "(?:ab)?", "a|b", ".",
    "power(shell)?", "(?P<who>root)", "[[:alpha:]]b", "[^]a]", "\\\\cmd", "a\\tb", "\\bab\\b", "é",
    "(a(b|c)*)+", "a+?b", "f{1}ault", "x{2,3}", "\\x41", "(?i)AB", "segm.*fault", "[\\]x]", "a{,2}", "(x|)",
    "enc(oded)+",
    "(((a)))|(b|c|d)", "$^", "\\Aa", "root|toor|admin", "(?i:Root)",
)  # fmt: skip


class Maker:
    """Makes events, and rules for an event."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._choice = random.choice

    def _often(self, often: float) -> bool:
        return self._random.random() < often

    # -- events --------------------------------------------------------------------------

    def event(self) -> Event:
        """An event with some fields of all kinds."""
        fields: dict[str, Any] = {}
        for name in ("event.action", "event.outcome", "event.category"):
            if self._often(0.7):
                fields[name] = self._choice(ACTIONS)
        for name in ("user.name", "a", "b", "c", "Image", "process.executable", "process.command_line",
                     "ThreatName", "Threat Name", "host.hostname", "message"):  # fmt: skip
            if self._often(0.5):
                fields[name] = self.value()
        raw = self.word() if self._often(0.5) else f"{self.word()} {fields.get('message')}"
        ts = self._choice((1_700_000_000_000_000, 0, 1_720_000_000_000_000, 10**18))
        return Event(ts, "s", 0, raw, fields, logsources=self._choice(SOURCES))

    def word(self) -> str:
        """A text: one word, several, or a long one."""
        if self._often(0.03):
            return self._choice(WORDS) * 300
        return " ".join(self._choice(WORDS) for _ in range(self._choice((1, 1, 1, 2, 3))))

    def value(self) -> Any:
        """A field's value."""
        kind = self._random.random()
        if kind < 0.65:
            return self.word()
        if kind < 0.75:
            return self._choice((0, 7, 22, -1, 1.5, 2.0, True, False, None))
        found = [
            self._choice((self.word(), self._choice((7, True, None)))) for _ in range(self._choice((0, 1, 3)))
        ]
        return found if self._often(0.2) else tuple(found)

    # -- rules as documents --------------------------------------------------------------

    def document(self, event: Event, name: str) -> dict[str, Any]:
        """A rule as an author writes it."""
        names = self._choice((("sel",), ("sel", "other"), ("sel_a", "sel_b", "filter_x", "_y")))
        detection: dict[str, Any] = {each: self._selection(event) for each in names}
        detection["condition"] = self._condition(names, 3)
        if self._often(0.1):
            detection["condition"] = [detection["condition"], names[0]]
        source = self._choice(LOGSOURCES) if self._often(0.5) else _as_map(self._choice(event.logsources))
        return {"title": name, "name": name, "logsource": source, "detection": detection}

    def _condition(self, names: Sequence[str], depth: int) -> str:
        kind = self._random.randrange(8) if depth else 0
        if kind < 4:
            return self._choice(names)
        if kind == 4:
            return f"not {self._condition(names, depth - 1)}"
        if kind == 5:
            return f"{self._choice(('1', 'any', 'all'))} of {self._choice(('them', names[0][:3] + '*'))}"
        operator = self._choice(("and", "or", "OR"))
        return f"({self._condition(names, depth - 1)} {operator} {self._condition(names, depth - 1)})"

    def _selection(self, event: Event) -> Any:
        kind = self._random.random()
        if kind < 0.15:
            words = [self._escaped(self._part(event.raw)[0]) or "x" for _ in range(self._choice((1, 2)))]
            return words if self._often(0.7) else {self._choice(("|all", "|cased", "|startswith")): words}
        if kind < 0.3:
            return [self._map(event), self._map(event)]
        return self._map(event)

    def _map(self, event: Event) -> dict[str, Any]:
        return dict(self._item(event) for _ in range(self._choice((1, 1, 2))))

    def _item(self, event: Event) -> tuple[str, Any]:
        field = self._choice(FIELDS)
        found = [*values(event, (_KNOWN.get(field, field), field))] if self._often(0.8) else []
        said = self._choice(found) if found else self._choice(WORDS)
        return self._choice(self._WRITERS)(self, field, said)

    def _text(self, field: str, said: Any) -> tuple[str, Any]:
        piece, modifiers = self._part(text(said))
        if self._often(0.15):
            modifiers = [*modifiers, "cased"]
        also = [self._escaped(self._choice(WORDS)) for _ in range(self._choice((0, 0, 1, 12)))]
        if also and self._often(0.15):
            modifiers = [*modifiers, "all"]
        if self._often(0.1):
            modifiers = [*modifiers, "neq"]
        written = self._escaped(piece)
        if piece and self._often(0.1):
            written = "*".join((written[:1].replace("\\", "?"), "*" if self._often(0.5) else "?"))
        return "|".join([field, *modifiers]), [written, *also] if also or self._often(0.2) else written

    def _plain(self, field: str, said: Any) -> tuple[str, Any]:
        return field, self._choice((said, None, "", "*", 7, True, [said, None], "?*"))

    def _number(self, field: str, said: Any) -> tuple[str, Any]:
        number = said if isinstance(said, int | float) and not isinstance(said, bool) else 7
        relation = self._choice(("gt", "gte", "lt", "lte"))
        return f"{field}|{relation}", number + self._choice((-1, 0, 1))

    def _time(self, field: str, _: Any) -> tuple[str, Any]:
        part, number = self._choice((("hour", 22), ("minute", 13), ("year", 2023), ("week", 46), ("day", 14)))
        if self._often(0.5):
            return f"@timestamp|{part}", self._choice((number, [number, 1, 2]))
        return f"{self._choice((field, '@timestamp'))}|{part}|{self._choice(('gte', 'lt'))}", number

    def _regex(self, field: str, _: Any) -> tuple[str, Any]:
        flags = [flag for flag in "ims" if self._often(0.3)]
        place = self._choice(([], [], ["startswith"], ["endswith"], ["contains"]))
        return "|".join([field, "re", *flags, *place]), self._choice(PATTERNS)

    def _other(self, field: str, _: Any) -> tuple[str, Any]:
        return self._choice((
            (f"{field}|cidr", ["10.0.0.0/8", "2001:db8::/32"]),
            (f"{field}|exists", self._often(0.5)),
            (f"{field}|fieldref", self._choice(FIELDS)),
            (f"{field}|fieldref|{self._place().replace('equals', 'cased')}", self._choice(FIELDS)),
            (f"{field}|windash|contains", "-enc -s -p -q"),
            (f"{field}|base64offset|contains", "root"),
            (f"{field}|wide|contains", "ab"),
        ))  # fmt: skip

    _WRITERS: tuple[Callable[[Maker, str, Any], tuple[str, Any]], ...] = (
        _text, _text, _text, _text, _plain, _number, _time, _regex, _other,
    )  # fmt: skip

    def _part(self, said: str) -> tuple[str, list[str]]:
        """A piece of a text, and the modifiers under which it fits."""
        at = self._random.randrange(len(said) + 1)
        end = self._random.randrange(at, len(said) + 1)
        whole = (said, self._choice(([], ["contains"], ["endswith"])))
        return self._choice(
            (whole, (said[:end], ["startswith"]), (said[at:], ["endswith"]), (said[at:end], ["contains"]))
        )

    @staticmethod
    def _escaped(said: str) -> str:
        return re.sub(r"([*?\\])", r"\\\1", said)

    # -- rules as trees ------------------------------------------------------------------

    def tree(self, event: Event, depth: int = 4) -> ir.Node:
        """A tree, also of shapes that no document makes."""
        kind = self._random.randrange(10) if depth else 0
        if kind < 5:
            return self._leaf(event)
        if kind < 7:
            return ir.Not(self.tree(event, depth - 1))
        joined = ir.And if kind < 8 else ir.Or
        count = self._choice((0, 1, 2, 3, 9)) if kind != 7 else self._choice((1, 2))
        parts = [self.tree(event, depth - 1) for _ in range(count)]
        if kind == 9:  # several words on one field, as lists of values are
            names, place = self._names(), self._place()
            said = self._said(event, names)
            parts += [
                ir.FieldMatch(names, ir.Text(word.lower(), place))
                for word in (said, *WORDS[: self._choice((2, 12))])
            ]
        if kind == 9 and self._often(0.1):
            parts = [ir.FieldMatch(("a",), ir.Text(word, "contains")) for word in "éßαβγδεζηθικλ"]
        return joined(tuple(parts))

    def _names(self) -> tuple[str, ...]:
        first = self._choice(("event.action", "event.outcome", "event.category", *FIELDS))
        return (first, self._choice(FIELDS)) if self._often(0.3) else (first,)

    def _place(self) -> ir.Place:
        found: ir.Place = self._choice(("equals", "contains", "startswith", "endswith"))
        return found

    def _said(self, event: Event, names: tuple[str, ...]) -> str:
        found = values(event, names)
        return text(self._choice(found)) if found and self._often(0.8) else self._choice(WORDS)

    def _leaf(self, event: Event) -> ir.Node:
        if self._often(0.15):
            said = self._part(self._choice((event.raw, event.message)))[0]
            return ir.Keyword(
                self._choice((self._word_test(said, "contains"), self._glob(said), self._expression()))
            )
        names = self._names()
        said = self._said(event, names)
        return ir.FieldMatch(names, self._test(said))

    def _test(self, said: str) -> ir.Test:
        relation: ir.Relation = self._choice(("eq", "gt", "gte", "lt", "lte"))
        part: ir.Part = self._choice(("hour", "minute", "day", "week", "month", "year"))
        piece, modifiers = self._part(said)
        place: ir.Place = modifiers[0] if modifiers else "equals"  # type: ignore[assignment]
        found: ir.Test = self._choice((
            self._word_test(piece, place), self._word_test(piece, place), self._word_test(piece, place),
            self._glob(piece), self._expression(), ir.Null(), ir.Exists(), ir.Cidr("10.0.0.0/8"),
            ir.Compare(relation, self._choice((7, 1.5, 22))),
            ir.Moment(part, relation, self._choice((13, 22, 2023))),
            ir.Dated(part, relation, self._choice((13, 22, 2023))),
            ir.Reference(self._names(), self._place(), self._often(0.3)),
        ))  # fmt: skip
        return found

    def _word_test(self, said: str, place: ir.Place) -> ir.Text:
        cased = self._often(0.2)
        return ir.Text(said if cased else said.lower(), place, cased)

    def _glob(self, said: str) -> ir.Glob:
        cased = self._often(0.2)
        said = said if cased else said.lower()
        at = self._random.randrange(len(said) + 1)
        one: tuple[str | None, ...] = self._choice(
            ((said[:at],), (None, said[1:at]), (said[:at], None), (None,))
        )
        return ir.Glob(self._choice((
            ((*one, said[at:]),), (one, (said[at:],)), ((), one, ()), (one, (), (said[-1:],)),
            ((), (None, "a"), one), (one,),
        )), cased)  # fmt: skip

    def _expression(self) -> ir.Regex:
        return ir.Regex(self._choice(PATTERNS), "".join(flag for flag in "ims" if self._often(0.3)))


_KNOWN = {
    "CommandLine": "process.command_line",
    "Image": "process.executable",
    "host.name": "host.hostname",
    "Threat Name": "ThreatName",
}


def _as_map(source: LogSource) -> dict[str, str]:
    names = ("product", "category", "service")
    return {name: part for name, part in zip(names, source, strict=True) if part}


class Tally(NamedTuple):
    """What a comparison met: pairs, those that match, documents, those refused."""

    pairs: int
    matches: int
    documents: int
    refused: int


def compare(random: Random, folder: Path) -> Tally:
    """Ask about three events and rules for each, both ways. Raises AssertionError where they differ."""
    maker = Maker(random)
    events = [maker.event() for _ in range(3)]
    texts = [
        maker.document(event, f"d{place}{number}")
        for place, event in enumerate(events)
        for number in range(4)
    ]
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump_all(texts, allow_unicode=False), "utf-8")
    loaded = load_rules([path])
    trees = [maker.tree(event) for event in events for _ in range(4)]
    rules = RuleSet(
        {**loaded.rules, **{f"t{number}": _rule(f"t{number}", tree) for number, tree in enumerate(trees)}}, []
    )
    expected = [
        [
            key
            for key, rule in rules.rules.items()
            if any(serves(rule.logsource, source) for source in event.logsources)
            and evaluate(rule.detection, event, UTC)
        ]
        for event in events
    ]
    matcher = Matcher(rules)
    together = [list(found) for found in matcher.match_all(events)]
    assert together == expected, (texts, trees, events)
    for event, keys in zip([*events, *events], [*expected, *expected], strict=True):  # then from memory
        assert list(matcher.match(event)) == keys, (texts, trees, event)
    pairs = sum(
        any(serves(rule.logsource, source) for source in event.logsources)
        for event in events
        for rule in rules.rules.values()
    )
    refused = sum(fate.fate == "refused" for fate in loaded.fates)
    return Tally(pairs, sum(map(len, expected)), len(texts), refused)


def _rule(key: str, tree: ir.Node) -> Rule:
    info = RuleInfo(key, key, "low", "", ())
    return Rule(key, info, key, ("", "", ""), alerting=True, throttle=1, detection=tree)


def many(rounds: int, folder: Path) -> Tally:
    """The sum of so many comparisons, each with a seed of its own."""
    found = [compare(Random(seed), folder) for seed in range(rounds)]
    return Tally(*(sum(part) for part in zip(*found, strict=True)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(f"{many(int(sys.argv[1]), Path(name))}\n")
