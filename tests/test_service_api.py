"""What programs see and decide over HTTP: the same rows, verbs and audit trail as in the console."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from socterm.service.service import Service
from socterm.store.upkeep.check import check
from tests.service_scene import PASSWORD, Scene, code, own_scene

__all__ = ["own_scene"]


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with scene.client() as found:
        found.headers.update(scene.bearer("admin"))
        yield found


async def decide(
    client: httpx.AsyncClient, alert: int, etag: str | None, what: str = "transition", **body: Any
) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return await client.post(f"/api/v1/alerts/{alert}/{what}", headers=headers, json=body)


async def test_an_alert_is_told_with_evidence_and_history(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/alerts/2", params={"events": 2})
    told = response.json()
    assert response.headers["ETag"] == '"0"'
    assert (told["id"], told["state"], told["count"]) == (2, "new", 3)
    assert told["entity"] == {"source.ip": "203.0.113.9"}
    assert told["first"].endswith("Z")
    assert told["until"] is None
    assert [event["id"] for event in told["events"]] == [6, 5]
    assert "Failed password" in told["events"][0]["event.original"]
    assert (await client.get("/api/v1/alerts/2", params={"events": 0})).json()["events"] == []
    for missing in ("99", "0", "x", "9" * 30, "-1"):
        gone = await client.get(f"/api/v1/alerts/{missing}")
        assert (gone.status_code, code(gone)) == (404, "not_found")


async def test_lists_come_in_pages_that_miss_and_repeat_nothing(client: httpx.AsyncClient) -> None:
    for name, first in (("alerts", [3, 2, 1]), ("events", list(range(9, 0, -1)))):
        seen, cursor = [], ""
        while True:
            page = (await client.get(f"/api/v1/{name}", params={"limit": 2, "cursor": cursor})).json()
            seen += [row["id"] for row in page[name]]
            assert len(page[name]) <= 2
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == first
    for name in ("alerts", "incidents", "events", "rules", "sources"):
        for bad in ({"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "9" * 30}, {"nonsense": 1}):
            refused = await client.get(f"/api/v1/{name}", params=bad)
            assert refused.status_code == 400, (name, bad)
            code(refused)
    oldest = await client.get("/api/v1/events", params={"oldest_first": True, "limit": 1})
    assert [row["id"] for row in oldest.json()["events"]] == [1]
    after = await client.get("/api/v1/events", params={"oldest_first": True, "cursor": oldest.json()["next"]})
    assert [row["id"] for row in after.json()["events"]] == list(range(2, 10))


async def test_alerts_are_filtered_as_on_the_command_line(scene: Scene, client: httpx.AsyncClient) -> None:
    scene.store.triage.decide([1], "close", actor="ann", now=scene.clock())

    async def ids(**params: Any) -> list[int]:
        return [row["id"] for row in (await client.get("/api/v1/alerts", params=params)).json()["alerts"]]

    assert await ids() == [3, 2]
    assert await ids(state="closed") == [1]
    assert await ids(state=["closed", "new"]) == [3, 2, 1]
    assert await ids(min_level="critical") == []
    assert await ids(q="id:2") == [2]
    assert await ids(q="source.ip:192.0.2.1") == []


@pytest.mark.parametrize("path", ["events", "alerts"])
async def test_a_query_that_cannot_be_read_is_told_with_the_character(
    client: httpx.AsyncClient, path: str
) -> None:
    refused = await client.get(f"/api/v1/{path}", params={"q": "user.name:root and ("})
    assert (refused.status_code, code(refused)) == (400, "query")
    assert refused.json()["error"]["position"] == 20


async def test_events_are_found_by_the_one_query_language(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/v1/events", params={"q": "process.pid:4 and failed"})).json()
    assert [row["id"] for row in found["events"]] == [4]
    assert (found["complete"], found["next"]) == (True, None)


async def test_a_decision_is_made_on_what_was_seen(scene: Scene, client: httpx.AsyncClient) -> None:
    without = await decide(client, 1, None, verb="acknowledge")
    assert (without.status_code, code(without)) == (428, "if_match")
    first = await decide(client, 1, '"0"', verb="acknowledge")
    assert (first.status_code, first.json()["alert"]["state"]) == (200, "acknowledged")
    assert first.headers["ETag"] == f'"{first.json()["audit"][0]["id"]}"'
    for stale in ('"0"', "W/" + first.headers["ETag"], "nonsense", '"7", "8"'):
        again = await decide(client, 1, stale, verb="close")
        assert (again.status_code, code(again)) == (412, "stale")
    shown = await client.get("/api/v1/alerts/1")
    assert shown.headers["ETag"] == first.headers["ETag"]
    closed = await decide(client, 1, f'"5", {shown.headers["ETag"]}', verb="close", verdict="false_positive")
    assert closed.json()["alert"]["verdict"] == "false_positive"
    assert (await decide(client, 1, "*", verb="reopen")).status_code == 200
    assert [(row.actor, row.verb) for row in scene.store.triage.history(1)] == [
        ("token:test#1", "acknowledge"), ("token:test#1", "close"), ("token:test#1", "reopen"),
    ]  # fmt: skip
    assert check(scene.store.path) == []


async def test_of_two_who_saw_the_same_one_decides(scene: Scene, client: httpx.AsyncClient) -> None:
    """The row is compared in the transaction that writes, not only before it."""
    answers = await asyncio.gather(*(decide(client, 3, '"0"', verb="start") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert len(scene.store.triage.history(3)) == 1


async def test_more_events_are_no_reason_to_look_again(scene: Scene, client: httpx.AsyncClient) -> None:
    before = (await client.get("/api/v1/alerts/2")).headers["ETag"]
    with sqlite3.connect(scene.store.path) as db:
        db.execute("UPDATE alerts SET count = count + 1, change = change + 1 WHERE id = 2")
    assert (await client.get("/api/v1/alerts/2")).headers["ETag"] == before
    assert (await decide(client, 2, before, verb="close")).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [({"verb": "wake"}, 409), ({"verb": "reopen"}, 409), ({"verb": "note"}, 422), ({"verb": "merge"}, 422),
     ({}, 422), ({"verb": "snooze"}, 422), ({"verb": "snooze", "until": "soon"}, 422),
     ({"verb": "snooze", "until": "2001-01-01"}, 409), ({"verb": "close", "until": "2030-01-01"}, 422),
     ({"verb": "verdict"}, 422), ({"verb": "start", "verdict": "test"}, 422),
     ({"verb": "close", "verdict": "nonsense"}, 422), ({"verb": "close", "actor": "root"}, 422)],
)  # fmt: skip
async def test_a_decision_that_cannot_be_is_refused_and_changes_nothing(
    scene: Scene, client: httpx.AsyncClient, body: dict[str, str], status: int
) -> None:
    refused = await decide(client, 1, "*", **body)
    assert refused.status_code == status, refused.text
    code(refused)
    assert scene.store.triage.history(1) == []


async def test_every_verb_does_what_the_console_does(scene: Scene, client: httpx.AsyncClient) -> None:
    snoozed = await decide(client, 1, "*", verb="snooze", until="2030-01-01T08:00+01:00")
    assert snoozed.json()["alert"]["until"] == "2030-01-01T07:00:00.000000Z"
    assert (await decide(client, 1, "*", verb="wake")).json()["alert"]["state"] == "reopened"
    escalated = await decide(client, 1, "*", verb="escalate")
    assert escalated.json()["alert"]["state"] == "in_progress"
    (incident,) = (await client.get("/api/v1/incidents")).json()["incidents"]
    page = (await client.get(f"/api/v1/incidents/{incident['id']}")).json()
    assert [one["id"] for one in page["members"]] == [1, 2, 3]
    assert page["history"][0]["actor"] == "token:test#1"
    assert escalated.headers["ETag"] == (await client.get("/api/v1/alerts/1")).headers["ETag"]
    handed = await decide(client, 2, "*", verb="hand_over", verdict="duplicate")
    assert (handed.json()["alert"]["state"], handed.json()["alert"]["verdict"]) == ("closed", "duplicate")
    gone = await client.get("/api/v1/incidents/99")
    assert (gone.status_code, code(gone)) == (404, "not_found")


async def test_notes_are_kept_under_a_persons_name(scene: Scene, client: httpx.AsyncClient) -> None:
    scene.user("ann", "triage")
    form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
    token = (await client.post("/api/v1/auth/token", data=form)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    noted = await decide(client, 1, '"0"', "notes", text="seen \x1b[31mthis\x1b[0m before")
    assert (noted.status_code, noted.json()["alert"]["notes"]) == (201, 1)
    assert "\x1b" not in noted.text
    assert (await decide(client, 1, "*", "notes", text="  ")).status_code == 422
    (row,) = scene.store.triage.history(1)
    assert (row.actor, row.note) == ("ann", "seen \x1b[31mthis\x1b[0m before")
    assert (await client.get("/api/v1/users")).status_code == 403


async def test_people_are_managed_by_admins_and_their_logins_end(
    scene: Scene, client: httpx.AsyncClient
) -> None:
    body = {"name": "bob", "role": "read", "password": PASSWORD}
    assert (await client.post("/api/v1/users", json=body)).status_code == 201
    again = await client.post("/api/v1/users", json=body | {"name": "BOB"})
    assert (again.status_code, code(again)) == (409, "state")
    login = {"grant_type": "password", "username": "bob", "password": PASSWORD}
    token = (await client.post("/api/v1/auth/token", data=login)).json()["access_token"]
    bob = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/alerts", headers=bob)).status_code == 200
    assert (await client.patch("/api/v1/users/bob", json={"role": "triage"})).json()["role"] == "triage"
    assert (await client.get("/api/v1/alerts", headers=bob)).status_code == 401
    assert (await client.patch("/api/v1/users/bob", json={})).status_code == 422
    assert (await client.delete("/api/v1/users/bob")).json() == {"removed": "bob"}
    assert (await client.delete("/api/v1/users/bob")).status_code == 404
    assert (await client.post("/api/v1/auth/token", data=login)).status_code == 401


async def test_a_token_made_here_works_until_it_is_revoked(client: httpx.AsyncClient) -> None:
    made = (await client.post("/api/v1/tokens", json={"name": "ci", "scopes": ["read"], "days": 1})).json()
    mine = {"Authorization": f"Bearer {made['token']}"}
    assert (await client.get("/api/v1/sources", headers=mine)).status_code == 200
    assert (await client.delete(f"/api/v1/tokens/{made['id']}")).json()["revoked"] is not None
    assert (await client.get("/api/v1/sources", headers=mine)).status_code == 401
    assert (await client.delete(f"/api/v1/tokens/{made['id']}")).status_code == 404
    (told, _) = (await client.get("/api/v1/tokens")).json()["tokens"]
    assert (told["name"], told["scopes"]) == ("ci", ["read"])
    assert "token" not in told


async def test_log_text_is_text_whatever_it_holds(scene: Scene, client: httpx.AsyncClient) -> None:
    hostile = "<script>\x1b]0;x\x07\x9b31m\u202e"
    with sqlite3.connect(scene.store.path) as db:
        db.execute("UPDATE events SET raw = ? WHERE id = 1", (hostile,))
    response = await client.get("/api/v1/events", params={"oldest_first": True, "limit": 1})
    assert response.json()["events"][0]["event.original"] == hostile
    assert response.content.isascii()
    assert b"\x1b" not in response.content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_rules_and_sources_are_told_without_our_folders(
    scene: Scene, client: httpx.AsyncClient
) -> None:
    row = (1, "brute", "Brute force", "high", "active", "", "/etc/r.yml", 1, None)
    with sqlite3.connect(scene.store.path) as db:
        db.execute("INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    (rule,) = (await client.get("/api/v1/rules")).json()["rules"]
    assert (rule["id"], rule["alerts"]) == ("brute", 3)
    assert "/etc" not in str(rule)
    (source,) = (await client.get("/api/v1/sources")).json()["sources"]
    assert (source["name"], source["lines"]) == ("/var/log/auth.log", 9)


def test_what_comes_between_queries_ends_the_next(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself forgets such an interrupt."""
    from socterm.service.pages import in_time

    store, come = scene.service.store, threading.Event()
    interrupt = store.interrupt

    def seen(thread: threading.Thread | None = None) -> None:
        interrupt(thread)
        come.set()

    monkeypatch.setattr(store, "interrupt", seen)
    db = store.events._connections.reader().db
    with in_time(store, 0.0):
        assert come.wait(60)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            db.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            )


async def test_a_query_that_takes_too_long_is_ended(scene: Scene) -> None:
    """Ended by the store as a person's is by Esc; the request is told to ask for less."""
    from socterm.errors import QueryCancelledError
    from socterm.service.endpoints import Call, Endpoint, Nothing
    from socterm.service.pages import in_time

    def slow(call: Call[Nothing, Nothing]) -> dict[str, Any]:
        service: Service = call.service
        sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"
        with in_time(service.store, 0.05):
            try:
                service.store.events._connections.reader().db.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                raise QueryCancelledError("the query was cancelled") from error
        return {}

    async with scene.client([Endpoint("GET", "/slow", "Be slow", slow, "read")]) as client:
        response = await client.get("/slow", headers=scene.bearer("read"))
    assert (response.status_code, code(response)) == (422, "too_slow")
