"""Each extension on a few events: which of them fire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from socterm.enrich.valuelists import ValueList
from socterm.sigma.load import load_rules
from tests.sigma.learning_road import Line, document, events, load, refusal, run, write


def ann(at: str, ip: str = "", **more: Any) -> Line:
    return at, {"user.name": "ann", **({"source.ip": ip} if ip else {}), **more}


def bob(at: str, ip: str = "", **more: Any) -> Line:
    return at, {"user.name": "bob", **({"source.ip": ip} if ip else {}), **more}


def place(at: str, lat: Any, lon: Any, **more: Any) -> Line:
    return at, {"user.name": "ann", "source.geo.location.lat": lat, "source.geo.location.lon": lon, **more}


def host(at: str, name: str = "web1", **more: Any) -> Line:
    return at, {"host.hostname": name, **more}


def each(start: int, step: int, count: int, unit: str = "s", **fields: Any) -> list[Line]:
    return [(f"{start + step * n}{unit}", {"host.hostname": "web1", **fields}) for n in range(count)]


IP = {"key": "user.name", "field": "source.ip"}
BERLIN, PARIS, SYDNEY = (52.52, 13.40), (48.86, 2.35), (-33.87, 151.21)

NEW_VALUE: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("the first of each value", IP, [ann("0s", "1"), ann("9s", "1"), ann("20s", "2"), ann("30s", "1")], [0,
     2]),
    ("keys do not know each other", IP, [ann("0s", "1"), bob("9s", "1")], [0, 1]),
    ("without a field the key is what is new", {"key": "user.name"}, [ann("0s"), bob("9s"), ann("20s")], [0,
     1]),
    ("several fields are one value",
     {"key": "user.name", "field": ["source.ip", "host.hostname"]},
     [ann("0s", "1", **{"host.hostname": "a"}), ann("9s", "1", **{"host.hostname": "b"}),
      ann("20s", "1", **{"host.hostname": "a"})], [0, 1]),
    ("several keys are one key", {"key": ["user.name", "host.hostname"], "field": "source.ip"},
     [ann("0s", "1", **{"host.hostname": "a"}), ann("9s", "1", **{"host.hostname": "b"}),
      ann("20s", "1", **{"host.hostname": "b"})], [0, 1]),
    ("nothing while the rule learns", IP | {"learn": "1d"},
     [ann("0s", "1"), ann("23h", "2"), bob("25h", "1"), ann("26h", "2")], [2]),
    ("the learning span is the rule's, not the key's", IP | {"learn": "1d"},
     [ann("0s", "1"), bob("25h", "1"), bob("26h", "2")], [1, 2]),
    ("dormant for longer than the history", IP | {"history": "30d"},
     [ann("0s", "1"), ann("29d", "1"), ann("59d", "1"), ann("90d", "1")], [0, 3]),
    ("without a history nothing is forgotten", IP, [ann("0s", "1"), ann("900d", "1")], [0]),
    ("an event without the field", IP, [ann("0s"), ann("9s", "1"), ann("20s")], [1]),
    ("an event without the key", IP, [("0s", {"source.ip": "1"}), ann("9s", "1")], [1]),
    ("an empty value is none", IP, [ann("0s", "1"), ann("9s", **{"source.ip": ""})], [0]),
    ("any new value of a list", IP,
     [ann("0s", **{"source.ip": ("1", "2")}), ann("9s", **{"source.ip": ("2", "1")}),
      ann("20s", **{"source.ip": ("2", "3")})], [0, 2]),
    ("numbers are their text", IP | {"field": "source.port"},
     [ann("0s", **{"source.port": 22}), ann("9s", **{"source.port": "22"})], [0]),
    ("upper and lower case differ", {"key": "user.name"}, [ann("0s"), ("9s", {"user.name": "Ann"})], [0, 1]),
    ("long values are told apart", IP | {"field": "url.path"},
     [ann("0s", **{"url.path": "a" * 70_000}), ann("9s", **{"url.path": "a" * 70_000 + "b"}),
      ann("20s", **{"url.path": "a" * 70_000})], [0, 1]),
    ("what cannot be written down is remembered all the same", IP | {"field": "url.path"},
     [ann("0s", **{"url.path": "\ud800x"}), ann("9s", **{"url.path": "\ud800x"})], [0]),
    ("in the order of time, not of arrival", IP, [ann("9s", "1"), ann("7s", "1"), ann("8s", "1")], [1]),
    ("a line that another has counted is looked at too", IP, [ann("0s", "1", repeat=0), ann("9s", "1")], [0]),
    ("names as rules have them are found", {"key": "User"}, [ann("0s"), ("9s", {"User": "eve",
     "host.hostname": "h"})],
     [0, 1]),
    ("the source of a line is a field too", {"key": "socterm.source"}, [ann("0s"), bob("9s")], [0]),
]  # fmt: skip
RARITY: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("the first few", IP | {"max_count": 2}, [ann(f"{n}m", "1") for n in range(4)], [0, 1]),
    ("each value by itself", IP | {"max_count": 1}, [ann("0m", "1"), ann("1m", "2"), ann("2m", "1")], [0, 1]),
    ("rare again when the history has passed", IP | {"max_count": 1, "history": "1d"},
     [ann("0h", "1"), ann("23h", "1"), ann("46h", "1"), ann("71h", "1")], [0, 3]),
    ("two in each history are two", IP | {"max_count": 2, "history": "1h"},
     [ann(f"{n}m", "1") for n in (0, 40, 80, 85, 120, 200)], [0, 1, 2, 5]),
    ("nothing while the rule learns", IP | {"max_count": 2, "learn": "1h"},
     [ann("0m", "1"), ann("70m", "1"), ann("80m", "1"), ann("90m", "2")], [1, 3]),
    ("a key of its own", {"key": "user.name", "max_count": 1}, [ann("0m"), ann("1m"), bob("2m")], [0, 2]),
    ("an event without the field", IP | {"max_count": 1}, [ann("0m"), ann("1m", "1")], [1]),
    ("one that stands for five is one", IP | {"max_count": 2}, [ann("0m", "1", repeat=5), ann("1m", "1")],
     [0, 1]),
    ("in the order of time", IP | {"max_count": 1}, [ann("9s", "1"), ann("7s", "1")], [1]),
]  # fmt: skip
AWAY = {"key": "host.hostname", "for": "10m", "after_seen": 3}
SILENCE: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("the last event before it", AWAY, [*each(0, 60, 4), host("1h", "x")], [3]),
    ("not before it was seen often enough", AWAY, [*each(0, 60, 2), host("1h", "x")], []),
    ("not while it comes", AWAY, [*each(0, 500, 9), host("4001s", "x")], []),
    ("once, however long", AWAY, [*each(0, 60, 4), host("1h", "x"), host("5d", "y")], [3]),
    ("again after it came back", AWAY, [*each(0, 60, 4), host("1h"), host("2h", "x")], [3, 4]),
    ("exactly as long is long enough", AWAY | {"after_seen": 1}, [host("0s"), host("600s", "x"),
     host("601s", "x")],
     [0]),
    ("not if it comes at that very moment", AWAY | {"after_seen": 1}, [host("0s"), host("600s"),
     host("700s")], []),
    ("each key by itself", AWAY | {"after_seen": 1}, [host("0s", "a"), host("5m", "b"), host("11m", "x")],
     [0]),
    ("not beyond the end of the log", AWAY, each(0, 60, 9), []),
    ("not while the rule learns", AWAY | {"learn": "1h"},
     [*each(0, 60, 4), host("30m", "x"), *each(2, 60, 4, "h"), host("300h", "x")], [5, 6, 7, 8]),
    ("days apart", AWAY | {"after_seen": 1}, [host("0d"), host("3d", "x"), host("3d 1s", "x"), host("9d",
     "y")],
     [0, 2]),
]  # fmt: skip
KMH = {"key": "user.name", "max_kmh": 900}
GEO_SPEED: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("too fast", KMH, [place("0h", *BERLIN), place("1h", *SYDNEY)], [1]),
    ("in time", KMH, [place("0h", *BERLIN), place("1d", *SYDNEY)], []),
    ("near is never too fast", KMH | {"min_km": 1000}, [place("0s", *BERLIN), place("1s", *PARIS)], []),
    ("at the same moment", KMH, [place("0s", *BERLIN), place("0s", *PARIS)], [1]),
    ("from where it was last", KMH, [place("0h", *BERLIN), place("1h", *PARIS), place("2h", *BERLIN)], []),
    ("there and back", KMH, [place("0h", *BERLIN), place("1h", *SYDNEY), place("2h", *BERLIN)], [1, 2]),
    ("keys do not know each other", KMH, [place("0h", *BERLIN), place("1h", *SYDNEY,
     **{"user.name": "bob"})], []),
    ("an event without a place", KMH, [place("0h", *BERLIN), ann("30m", "1"), place("1h", *SYDNEY)], [2]),
    ("numbers as text", KMH, [place("0h", "52.52", "13.40"), place("1h", "-33.87", "151.21")], [1]),
    ("what is no place", KMH, [place("0h", *BERLIN), place("1h", 91, 0), place("2h", "nan", 0)], []),
    ("over the date line", KMH, [place("0h", 0, 179.9), place("1m", 0, -179.9)], []),
    ("nothing while the rule learns", KMH | {"learn": "1d"},
     [place("0h", *BERLIN), place("1h", *SYDNEY), place("25h", *SYDNEY), place("26h", *BERLIN)], [3]),
    ("after days", KMH, [place("0d", *BERLIN), place("30d", *SYDNEY), place("30d 1h", *BERLIN)], [2]),
]  # fmt: skip
SURGE = {"key": "host.hostname", "bucket": "1h", "history": "24h", "min": 10}


def usual(hours: int = 24, count: int = 3, **fields: Any) -> list[Line]:
    return [
        (f"{hour}h {minute}m", {"host.hostname": "web1", **fields})
        for hour in range(hours)
        for minute in range(count)
    ]


def burst(hour: int, count: int, **fields: Any) -> list[Line]:
    return [(f"{hour}h {second}s", {"host.hostname": "web1", **fields}) for second in range(count)]


BYTES = {"count": "sum", "field": "http.response.body.bytes"}
SPIKE: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("from the tenth on", SURGE, [*usual(), *burst(24, 12)], [81, 82, 83]),
    ("no more than usual", SURGE | {"min": 3}, [*usual(), *burst(24, 3)], []),
    ("more than usual by any measure", SURGE | {"min": 1}, [*usual(), *burst(24, 4)], [75]),
    ("a wide past allows more", SURGE | {"min": 1, "z": 3},
     [*[line for hour in range(24) for line in burst(hour, 1 if hour % 2 else 9)], *burst(24, 17)], []),
    ("and its limit", SURGE | {"min": 1, "z": 3},
     [*[line for hour in range(24) for line in burst(hour, 1 if hour % 2 else 9)], *burst(24, 18)], [137]),
    ("too little known", SURGE, [*usual(7), *burst(7, 40)], []),
    ("eight buckets are enough", SURGE, [*usual(8), *burst(8, 11)], [33, 34]),
    ("empty buckets count", SURGE | {"min": 2}, [*usual(1, 1), *burst(20, 3)], [2, 3]),
    ("what is older than the history does not", SURGE | {"min": 2},
     [*burst(0, 100), *usual(20, 1), *[(f"{h}h", {"host.hostname": "web1"}) for h in range(20, 40)],
     *burst(40, 5)],
     [141, 142, 143, 144]),
    ("occurrences, not lines", SURGE, [*usual(), *burst(24, 2, repeat=6)], [73]),
    ("what another line has counted counts nothing", SURGE, [*usual(), *burst(24, 12, repeat=0)], []),
    ("a sum", SURGE | BYTES | {"min": 5000},
     [*usual(**{"http.response.body.bytes": 100}), *burst(24, 3, **{"http.response.body.bytes": 2000})],
     [74]),
    ("a sum of what is no number", SURGE | BYTES | {"min": 5000},
     [*usual(**{"http.response.body.bytes": 100}), *burst(24, 3, **{"http.response.body.bytes": "9e99"})],
     []),
    ("different values", SURGE | {"count": "distinct", "field": "url.path", "min": 4},
     [*usual(**{"url.path": "/"}), *[(f"24h {n}s", {"host.hostname": "web1", "url.path": f"/{n % 5}"})
                                      for n in range(8)]], [75, 76, 77, 78, 79]),
    ("keys do not know each other", SURGE,
     [*usual(), *[(f"24h {n}s", {"host.hostname": "web2"}) for n in range(40)]], []),
]  # fmt: skip
BEACON = {"key": "host.hostname", "min_events": 5, "max_jitter": 0.1}
PERIODICITY: list[tuple[str, dict[str, Any], list[Line], list[int]]] = [
    ("every minute", BEACON, each(0, 60, 7), [4, 5, 6]),
    ("nearly every minute", BEACON, [host(f"{at}s") for at in (0, 62, 118, 180, 241)], [4]),
    ("not nearly enough", BEACON, [host(f"{at}s") for at in (0, 60, 120, 190, 240)], []),
    ("too few", BEACON, each(0, 60, 4), []),
    ("people", BEACON, [host(f"{at}s") for at in (0, 5, 61, 63, 300, 301, 420)], []),
    ("one gap in between", BEACON, [*each(0, 60, 6), *each(600, 60, 5)], [4, 5, 10]),
    ("some at once are one arrival", BEACON | {"min_gap": "5s"},
     [line for n in range(5) for line in (host(f"{60 * n}s"), host(f"{60 * n + 2}s"))], [8]),
    ("a stream is no beacon", BEACON | {"min_gap": "10s"}, each(0, 5, 60), []),
    ("each day", BEACON, each(0, 1, 6, "d"), [4, 5]),
    ("keys do not know each other", BEACON | {"min_events": 3},
     [host("0s", "a"), host("30s", "b"), host("60s", "a"), host("95s", "b"), host("120s", "a")], [4]),
    ("nothing while the rule learns", BEACON | {"learn": "5m"}, each(0, 60, 7), [5, 6]),
]  # fmt: skip
CASES = [
    pytest.param(kind, terms, lines, fired, id=f"{kind}: {name}")
    for kind, table in {
        "new_value": NEW_VALUE, "rarity": RARITY, "silence": SILENCE, "geo_speed": GEO_SPEED, "spike": SPIKE,
        "periodicity": PERIODICITY,
    }.items()
    for name, terms, lines, fired in table
]  # fmt: skip


@pytest.mark.parametrize(("kind", "terms", "lines", "fired"), CASES)
def test_which_events_fire(
    tmp_path: Path, kind: str, terms: dict[str, Any], lines: list[Line], fired: list[int]
) -> None:
    rules = load(tmp_path, document({kind: terms}))
    assert run(rules, events(lines)) == fired


LOOKUP: list[tuple[str, dict[str, Any], list[str], list[Line], list[int]]] = [
    ("an address", {"field": "source.ip"}, ["192.0.2.7"], [ann("0s", "192.0.2.7"), ann("1s", "192.0.2.8")],
     [0]),
    ("a network", {"field": "source.ip"}, ["192.0.2.0/24"], [ann("0s", "192.0.2.7"), ann("1s",
     "192.0.3.8")], [0]),
    ("an IPv6 network", {"field": "source.ip"}, ["2001:db8::/32"],
     [ann("0s", "2001:DB8:1::7"), ann("1s", "2001:db9::7")], [0]),
    ("a text, whatever its case", {"field": "user.name"}, ["ANN"], [ann("0s"), bob("1s")], [0]),
    ("a part is not enough", {"field": "user.name"}, ["an", "ann b"], [ann("0s")], []),
    ("a name below another", {"field": "url.domain"}, ["*.example.com"],
     [ann("0s", **{"url.domain": "a.b.example.com"}), ann("1s", **{"url.domain": "example.com"}),
      ann("2s", **{"url.domain": "badexample.com"})], [0]),
    ("any of several fields", {"field": ["source.ip", "user.name"]}, ["bob"], [ann("0s", "1"), bob("1s",
     "1")], [1]),
    ("any value of a list", {"field": "source.ip"}, ["2"], [ann("0s", **{"source.ip": ("1", "2")})], [0]),
    ("a number", {"field": "source.port"}, ["4444"], [ann("0s", **{"source.port": 4444})], [0]),
    ("no such field", {"field": "url.domain"}, ["ann"], [ann("0s")], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "entries", "lines", "fired"), [case[1:] for case in LOOKUP], ids=[case[0] for case in LOOKUP]
)
def test_only_what_stands_in_a_list_passes(
    tmp_path: Path, terms: dict[str, Any], entries: list[str], lines: list[Line], fired: list[int]
) -> None:
    rules = load(tmp_path, document({"lookup": terms | {"list": "mine"}}), lists=["mine"])
    assert run(rules, events(lines), lists={"mine": ValueList(entries)}) == fired


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"new_value": {}}, "socterm.new_value needs key"),
    ({"new_value": "user.name"}, "socterm.new_value must be a map of settings"),
    ({"new_value": {"key": "a", "fields": "b"}},
     "socterm.new_value.fields is not a setting; known are key, field, history, learn"),
    ({"new_value": {"key": ""}}, "socterm.new_value.key must be a field name or a list of field names"),
    ({"new_value": {"key": ["a", 3]}}, "socterm.new_value.key must be a field name or a list of field names"),
    ({"new_value": {"key": "a", "history": "soon"}}, "socterm.new_value.history: 'soon' is not a time span"),
    ({"new_value": {"key": "a", "learn": "99y"}}, "socterm.new_value.learn must be longer than nothing"),
    ({"rarity": {"key": "a"}}, "socterm.rarity needs max_count"),
    ({"rarity": {"key": "a", "max_count": 0}},
     "socterm.rarity.max_count must be a whole number from 1 to 1,000"),
    ({"rarity": {"key": "a", "max_count": True}}, "socterm.rarity.max_count must be a whole number"),
    ({"silence": {"key": "a"}}, "socterm.silence needs for"),
    ({"silence": {"key": "a", "for": "1h", "after_seen": 1.5}},
     "socterm.silence.after_seen must be a whole number"),
    ({"geo_speed": {"key": "a", "max_kmh": "fast"}}, "socterm.geo_speed.max_kmh must be a number from 1 to"),
    ({"geo_speed": {"key": "a", "min_km": -1}}, "socterm.geo_speed.min_km must be a number from 0 to 20,100"),
    ({"spike": {"key": "a", "bucket": "1h", "min": 3}}, "socterm.spike needs history"),
    ({"spike": {"key": "a", "bucket": "1h", "history": "90m", "min": 3}},
     "socterm.spike.history must be 3 to 1,000 whole buckets"),
    ({"spike": {"key": "a", "bucket": "1h", "history": "1d", "min": 3, "count": "most"}},
     "socterm.spike.count must be events, sum or distinct"),
    ({"spike": {"key": "a", "bucket": "1h", "history": "1d", "min": 3, "count": "sum"}},
     "socterm.spike: count sum needs field"),
    ({"spike": {"key": "a", "bucket": "1h", "history": "1d", "min": 3, "field": "b"}},
     "socterm.spike: field needs count, sum or distinct"),
    ({"periodicity": {"key": "a", "min_events": 2, "max_jitter": 0.1}},
     "socterm.periodicity.min_events must be a whole number from 3"),
    ({"periodicity": {"key": "a", "min_events": 5, "max_jitter": 2}},
     "socterm.periodicity.max_jitter must be a number from 0 to 1"),
    ({"lookup": {"field": "a"}}, "socterm.lookup needs list"),
    ({"lookup": {"list": "known", "field": []}}, "socterm.lookup.field must be a field name"),
    ({"lookup": {"list": "unknown", "field": "a"}},
     "socterm.lookup: there is no list 'unknown'; configured are known"),
    ({"new_value": {"key": "a"}, "rarity": {"key": "a", "max_count": 1}},
     "socterm: new_value and rarity do not go together"),
    ({"first_seen": {"key": "a"}},
     "socterm.first_seen is not a setting; known are alert, check, entity, geo_speed, lookup"),
]  # fmt: skip


@pytest.mark.parametrize(("extension", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_is_unknown_or_wrong_is_refused_in_one_line(
    tmp_path: Path, extension: dict[str, Any], reason: str
) -> None:
    said = refusal(tmp_path, document(extension), lists=["known"])
    assert said.startswith(reason)
    assert "\n" not in said


def test_a_correlation_cannot_remember(tmp_path: Path) -> None:
    base = document({})
    chain = {
        "title": "Many", "name": "many",
        "correlation": {
            "type": "event_count", "rules": ["r"], "group-by": ["user.name"], "timespan": "1h",
            "condition": {"gte": 3},
        },
        "socterm": {"new_value": {"key": "user.name"}},
    }  # fmt: skip
    fates = load_rules([write(tmp_path, base, chain)]).fates
    assert fates[1].reason == "socterm: what remembers or looks up belongs to a rule with a detection"


@pytest.mark.parametrize(
    "extension", [{"new_value": {"key": "rule.id"}}, {"lookup": {"field": "rule.id", "list": "x"}}]
)
def test_a_rule_over_alerts_cannot_remember(tmp_path: Path, extension: dict[str, Any]) -> None:
    said = refusal(tmp_path, document(extension, logsource={"product": "socterm", "service": "alert"}))
    assert said == "socterm: what remembers or looks up is for logs; a rule over alerts cannot have it"
