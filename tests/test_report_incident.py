"""The report on an incident: what it says of a break-in told by real lines, and of what people decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from socterm.reports import plain
from socterm.reports.gather import incident_facts
from socterm.reports.incident import incident_report
from socterm.store import Store, open_store

from rules_cli import called
from scanning import failures
from test_rules_reload import login, over

NOW = 1_795_000_000_000_000
PACK = "\n---\n".join(
    [
        login("failed", title="Failed login"),
        login("opened", "success", title="Login"),
        over("brute", "event_count", "failed", "2m", "condition: {gt: 5}")
        + "tags: [attack.credential-access, attack.t1110]\n",
        over("broken_in", "temporal_ordered", "brute, opened", "10m", "generate: true").replace(
            "level: medium", "level: high"
        )
        + "tags: [attack.initial-access, attack.t1078]\nsocterm: {supersedes: [brute]}\n",
    ]
)
LOGIN = (
    "2026-03-17T10:00:20.000000+00:00 web01 sshd[9]: Accepted password for root from 203.0.113.9 port 9 ssh2"
)


@pytest.fixture(name="path")
def _path(no_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a break-in: eight failures, then a login, from one address."""
    folder = tmp_path_factory.mktemp("road")
    (folder / "rules.yml").write_text(PACK)
    (folder / "auth.log").write_text(f"{failures(0, 8)}{LOGIN}\n")
    path = folder / "s.db"
    done = called("run", "--tail", folder / "auth.log", "--from-start", "--once", "-q", "--db", path,
                  "--rules", folder / "rules.yml", home=folder)  # fmt: skip
    assert done.code == 0, done.error
    return path


def incident_of(store: Store) -> int:
    """The one with the break-in."""
    (found,) = [row.id for row in store.incidents.all() if "broken_in" in row.title]
    return found


def said(store: Store, **more: Any) -> dict[str, list[Any]]:
    """Section → its statements."""
    facts = incident_facts(store, incident_of(store), now=NOW, author="ann", **more)
    found = plain(incident_report(facts))
    return {"title": found["title"], "": found["statements"]} | {
        one["title"]: one["statements"] for one in found["sections"]
    }


def texts(statements: list[Any]) -> list[str]:
    return [one["said"]["text"] for one in statements]


def test_it_says_what_happened_in_order_and_to_whom(path: Path) -> None:
    with open_store(path) as store:
        found = said(store)
        rows = {row.id: row for row in store.triage.alerts(parts=True)}
    assert found["title"].startswith("Incident ")
    assert "broken_in" in found["title"]
    told = texts(found[""])
    assert told[0].startswith("It is open, as of ")
    assert any(
        one.startswith("From 2026-03-17 10:00:00 UTC to 2026-03-17 10:00:20 UTC, 20 s.") for one in told
    )
    tactics = texts(found["Tactics, in order"])
    assert [one.partition(" UTC: ")[2] for one in tactics][-2:] == ["Credential Access", "Initial Access"]
    assert tactics == sorted(tactics), "the moments are those in which rules were satisfied"
    line = found["Timeline"]
    assert [one["said"]["From"] for one in line] == sorted(one["said"]["From"] for one in line)
    assert {one["id"] for one in line} <= {f"alert-{number}" for number in rows}
    assert ("source.ip", "203.0.113.9") in {
        (one["said"]["What"], one["said"]["Value"]) for one in found["Who and what"]
    }


def test_each_link_says_which_entity_joined_which_alerts(path: Path) -> None:
    with open_store(path) as store:
        found = said(store)["Why this is one incident"]
        known = {row.id for row in store.triage.alerts(parts=True)}
    assert found
    for one in found:
        cites = [ref["id"] for ref in one["cites"] if ref["kind"] == "alert"]
        assert len(cites) > 1
        assert set(cites) <= known
        assert all(f"alert {ident}" in one["said"]["text"].lower() for ident in cites)
    assert any("source.ip 203.0.113.9 in common" in one for one in texts(found))


def test_lines_stand_to_the_letter_once_with_all_their_alerts(path: Path) -> None:
    with open_store(path) as store:
        found = said(store, lines=100)["Evidence"]
        raw = {row.id: row.raw for row in store.events.get(range(1, 10))}
        assert texts(said(store, lines=0)["Evidence"]) == ["No line is shown."]
    assert [one["id"] for one in found] == [f"event-{number}" for number in range(1, 10)]
    assert all(raw[number] in one["said"]["text"] for number, one in enumerate(found, 1))
    assert len(found[0]["cites"]) > 2, "the failure is evidence of the brute force and of the break-in"


def test_decisions_and_notes_stand_in_it_and_the_analyst_s_words(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with open_store(copy) as store:
        ident = incident_of(store)
        store.incidents.decide(ident, "note", actor="ann", now=NOW, text="called <the owner>")
        store.incidents.decide(ident, "close", actor="bob", now=NOW + 1, verdict="true_positive")
        facts = incident_facts(store, ident, now=NOW + 2, author="ann", narrative="It began\n\nwith guesses.")
    found = plain(incident_report(facts))
    sections = {one["title"]: one["statements"] for one in found["sections"]}
    told = texts(sections["Decisions and notes"])
    assert any(one.endswith(f"ann noted on incident {ident}: called <the owner>") for one in told)
    assert any("bob closed" in one and "as true positive" in one for one in told)
    assert texts(found["statements"])[0].startswith(
        "It is closed, true positive, in the hands of ann, as of "
    )
    assert texts(sections["What happened"]) == ["It began", "with guesses."]
    assert {"kind": "incident", "id": ident} in sections["Decisions and notes"][-1]["cites"]


def test_the_command_writes_it_in_each_form(path: Path, tmp_path: Path) -> None:
    with open_store(path) as store:
        ident = incident_of(store)
    assert called("report", "incident", ident, "--db", path, home=tmp_path).out.startswith(
        f"# Incident {ident}: "
    )
    done = called("report", "incident", ident, "--db", path, "-o", tmp_path / "i.htm", home=tmp_path)
    assert done.code == 0, done.error
    page = (tmp_path / "i.htm").read_text()
    found = json.loads(called("report", "incident", ident, "--json", "--db", path, home=tmp_path).out)
    ids = [one["id"] for part in (found, *found["sections"]) for one in part["statements"]]
    assert f"incident-{ident}" in ids
    assert all(f' id="{one}"' in page for one in ids)


def test_one_that_is_not_there_is_a_mistake_of_one_line(path: Path, tmp_path: Path) -> None:
    done = called("report", "incident", 999, "--db", path, home=tmp_path)
    assert done.code == 2
    assert done.error == "there is no incident 999; socterm incidents list shows those there are"


def test_a_shift_lists_incidents_that_are_open_or_were_closed_in_it(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with open_store(copy) as store:
        ident = incident_of(store)
    found = json.loads(called("report", "shift", "--json", "--db", copy, home=tmp_path).out)
    (rows,) = [one["statements"] for one in found["sections"] if one["title"] == "Incidents"]
    mine = [one for one in rows if one["id"] == f"incident-{ident}"]
    assert [one["said"]["State"] for one in mine] == ["open"]
