"""A rule in words: when it fires as a sentence, and the page an analyst reads with its alert open."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule
from socterm.sigma.pages import log_sources, rule_page
from socterm.sigma.phrases import fires, parts

BASES = """\
title: Failed
name: failed
level: informational
logsource: {category: authentication}
detection: {sel: {event.outcome: failure}, condition: sel}
socterm: {alert: false}
---
title: Fine
name: fine
level: informational
logsource: {product: linux, service: sshd}
detection: {sel: {event.outcome: success}, condition: sel}
socterm: {alert: false}
"""


def loaded(tmp_path: Path, text: str) -> tuple[Rule, dict[str, Rule]]:
    """The rule called `it` of a file, beside the two base rules."""
    path = tmp_path / "rules.yml"
    path.write_text(f"{BASES}---\n{text}")
    rules = load_rules([path])
    assert [fate for fate in rules.fates if fate.fate == "refused"] == []
    return next(rule for rule in rules.rules.values() if rule.name == "it"), rules.rules


def counting(terms: str) -> str:
    return f"title: It\nname: it\nlevel: high\ncorrelation: {{{terms}}}\n"


def remembering(terms: str) -> str:
    return (
        "title: It\nname: it\nlevel: high\nlogsource: {category: authentication}\n"
        f"detection: {{sel: {{event.outcome: success}}, condition: sel}}\nsocterm: {{{terms}}}\n"
    )


BY = "group-by: [source.ip], timespan"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (f"type: event_count, rules: [failed], {BY}: 2m, condition: {{gt: 5}}",
         "More than 5 events within 2 minutes with the same `source.ip`."),
        ("type: event_count, rules: [failed], timespan: 90s, condition: {gte: 1}",
         "At least 1 event within 90 seconds."),
        (f"type: event_count, rules: [failed], {BY}: 1d, condition: {{gte: 2, lt: 9}}",
         "At least 2 and less than 9 events within 1 day with the same `source.ip`."),
        (f"type: value_count, rules: [failed], {BY}: 1h, condition: {{gte: 3, field: user.name}}",
         "At least 3 different values of `user.name` within 1 hour with the same `source.ip`."),
        (f"type: value_sum, rules: [fine], {BY}: 1h, condition: {{gte: 1000000, field: source.bytes}}",
         "A sum of `source.bytes` of at least 1,000,000 within 1 hour with the same `source.ip`."),
        (f"type: temporal_ordered, rules: [failed, fine], {BY}: 15m",
         "Within 15 minutes with the same `source.ip`: `failed` and then `fine`."),
        (f"type: temporal, rules: [failed, fine], {BY}: 15m",
         "Within 15 minutes with the same `source.ip`: `failed` and `fine`."),
        (f"type: temporal, rules: [failed, fine], {BY}: 15m, condition: failed or fine",
         "Within 15 minutes with the same `source.ip`: any of `failed`, `fine`."),
        (f"type: temporal_ordered, rules: [failed, fine], {BY}: 5m, condition: failed and not fine",
         "Within 5 minutes with the same `source.ip`: `failed` without `fine`."),
    ],
)  # fmt: skip
def test_a_correlation_in_words(tmp_path: Path, terms: str, said: str) -> None:
    assert fires(*loaded(tmp_path, counting(terms))) == said


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("alert: true", "Each event that fits."),
        ("lookup: {field: source.ip, list: [vpn, tor]}",
         "Each event that fits, where `source.ip` stands in the list `vpn` or `tor`."),
        ("new_value: {key: user.name, field: source.ip, history: 90d, learn: 7d}",
         ("`source.ip` is new for this `user.name`, or again after 90 days without it; silent for the first "
         "7 days, while it learns what is usual.")),
        ("new_value: {key: [user.name, host.hostname]}",
         "`user.name`, `host.hostname` is seen for the first time."),
        ("rarity: {key: host.hostname, field: process.name, max_count: 2, history: 90d}",
         "`process.name` was seen at most 2 times in 90 days for this `host.hostname`."),
        ("silence: {key: host.hostname, for: 3h, after_seen: 12}",
         "Nothing for 3 hours from a `host.hostname` that was there at least 12 times."),
        ("geo_speed: {key: user.name, max_kmh: 1000, min_km: 500}",
         "`user.name` comes from 500 km away or more, which would have taken more than 1,000 km/h."),
        ("spike: {key: source.ip, count: sum, field: source.bytes, bucket: 1h, history: 7d, min: 200, z: 3}",
         ("The sum of `source.bytes` within 1 hour is at least 200 and more than 3 standard deviations above "
         "what the 7 days before had, for the same `source.ip`.")),
        ("periodicity: {key: source.ip, min_events: 10, max_jitter: 0.2}",
         "10 times of the same `source.ip` with gaps that differ by no more than 20%."),
    ],
)  # fmt: skip
def test_what_a_rule_on_single_events_waits_for(tmp_path: Path, terms: str, said: str) -> None:
    assert fires(*loaded(tmp_path, remembering(terms))) == said


CHAIN = """\
title: Guessed
name: guessed
level: informational
correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 2m, condition: {gt: 5}}
socterm: {alert: false}
---
title: Got in | after guessing <b>
name: it
description: >
  Somebody guessed,
  and got in.
level: high
tags: [attack.credential-access, attack.t1110.001, socterm.a05, socterm.aspect]
correlation: {type: temporal_ordered, rules: [guessed, fine], group-by: [source.ip], timespan: 15m}
falsepositives: [somebody who remembered]
socterm:
  risk: 70
  supersedes: [other]
  why: It is a break-in.
  check: [Ask the owner., End the session.]
  tune: Lengthen it.
  noise: None.
---
title: Other
name: other
level: low
logsource: {category: authentication}
detection: {sel: {user.name: root}, condition: sel}
"""


def test_the_page_of_a_rule(tmp_path: Path) -> None:
    rule, rules = loaded(tmp_path, CHAIN)
    assert [(depth, part.name) for depth, part in parts(rule, rules)] == [
        (0, "guessed"), (1, "failed"), (0, "fine"),
    ]  # fmt: skip
    assert log_sources(rule, rules) == ["*/authentication/*", "linux/*/sshd"]
    page = rule_page(rule, rules, link={"other": "#other"})
    assert page.splitlines()[:7] == [
        '<a id="it"></a>',
        "",
        "## Got in | after guessing &lt;b>",
        "",
        "`it` · high · A05",
        "",
        "Somebody guessed, and got in.",
    ]
    assert "**How to check**\n\n1. Ask the owner.\n2. End the session.\n" in page
    for said in ("Why it matters.** It is", "How to tune.** Len", "Expected noise.** None."):
        assert said in page
    assert "**False positives**\n\n- somebody who remembered\n" in page
    for row in (
        (
            "| counts | `guessed` Guessed: More than 5 events within 2 minutes with the same `source.ip`.<br>"
            "&emsp;`failed` Failed<br>`fine` Fine |"
        ),
        "| ATT&CK | Credential Access, T1110.001 Password Guessing |",
        "| an alert is about | `source.ip` |",
        "| risk | 70 |",
        "| stands above | [other](#other) |",
    ):
        assert row in page
