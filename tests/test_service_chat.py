"""Questions over HTTP: answered from the store, cited, kept under who asked; stopped where nobody waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import anyio
import pytest
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from socterm.analyst import Analyst, Backend, NullBackend, OllamaBackend, Talks
from socterm.service.chat import WAITING, chat_endpoints
from socterm.service.endpoints import Endpoint
from socterm.service.openapi import document
from socterm.service.server import Place, Server
from socterm.service.service import make_app
from socterm.service.table import with_document
from tests import ollama_stub as stub
from tests.ollama_stub import OllamaStub
from tests.service_scene import Scene, code, own_scene

__all__ = ["own_scene"]

PATIENCE = 60.0


def table(scene: Scene, backend: Backend | None = None) -> tuple[Endpoint, ...]:
    def analyst_of(name: str) -> Analyst:
        store = scene.store
        asked = backend or NullBackend("none here")
        talks = Talks(store.conversations, name)
        return Analyst(store.events, store.triage, asked, now=scene.clock, talks=talks)

    return with_document(chat_endpoints(analyst_of))


async def test_rules_answer_cite_and_keep_it_for_who_asked(scene: Scene) -> None:
    async with scene.client(table(scene)) as client:
        asked = {"question": "why did this fire?", "alert": 1}
        answer = await client.post("/api/v1/chat", json=asked, headers=scene.bearer("read"))
        told = answer.json()
        assert answer.status_code == 200
        assert (told["source"], told["whole"], told["alert"]) == ("rules", True, 1)
        assert told["events"]
        assert all(f"#{number}" in told["answer"] for number in told["events"][:1])
        row, turns = scene.store.conversations.get(told["conversation"]) or (None, [])
        assert row is not None
        assert (row.actor, [turn.question for turn in turns]) == ("token:test#1", ["why did this fire?"])
        more = {"question": "who else did this ip touch?", "conversation": told["conversation"]}
        again = (await client.post("/api/v1/chat", json=more, headers=scene.bearer("read"))).json()
        assert again["conversation"] == told["conversation"]


async def test_what_others_asked_and_what_is_not_there_is_not_told(scene: Scene) -> None:
    scene.user("ann", "triage")
    ann = scene.store.identity.user("ann")
    assert ann is not None
    token = scene.service.signer.sign("ann", ["read"], ann.stamp, scene.clock() // 1_000_000)
    async with scene.client(table(scene)) as client:
        hers = await client.post(
            "/api/v1/chat", json={"question": "what happened?"}, headers={"Authorization": f"Bearer {token}"}
        )
        number = hers.json()["conversation"]
        for asked in ({"conversation": number}, {"conversation": 999}, {"alert": 999}):
            answer = await client.post(
                "/api/v1/chat", json={"question": "and who?", **asked}, headers=scene.bearer("admin")
            )
            assert (answer.status_code, code(answer)) == (404, "not_found")


@pytest.fixture(name="model")
def _model() -> Iterator[OllamaStub]:
    with stub.serving() as server:
        yield server


def slow(model: OllamaStub) -> Backend:
    """A model that says a word and then nothing."""
    model.script[:] = [stub.stall("The address ")] * 50
    return OllamaBackend(model.url)


async def test_who_hangs_up_is_not_answered_and_the_next_is(scene: Scene, model: OllamaStub) -> None:
    server = Server(make_app(scene.service, table(scene, slow(model))), Place("127.0.0.1", 0))
    server.start()
    try:
        port = int(server.url.rpartition(":")[2])
        body = b'{"question": "why did this fire?", "alert": 1}'
        head = (
            f"POST /api/v1/chat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Authorization: {scene.bearer('read')['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(head.encode() + body)
            async with asyncio.timeout(PATIENCE):
                while not model.requests:
                    await anyio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            while not (found := scene.store.conversations.listed()):
                await anyio.sleep(0)
        turns = (scene.store.conversations.get(found[0].id) or (None, []))[1]
        assert [turn.whole for turn in turns] == [False]
    finally:
        server.close()


async def test_more_questions_than_can_wait_are_turned_away(scene: Scene, model: OllamaStub) -> None:
    async with scene.client(table(scene, slow(model))) as client:
        headers = scene.bearer("read")

        answers: list[Response] = []
        answered = anyio.Event()

        async def ask() -> None:
            answers.append(
                await client.post("/api/v1/chat", json={"question": "what happened?"}, headers=headers)
            )
            answered.set()

        async with anyio.create_task_group() as asking:
            for _ in range(WAITING + 1):
                asking.start_soon(ask)
            async with asyncio.timeout(PATIENCE):
                await answered.wait()
            asking.cancel_scope.cancel()
        assert [answer.status_code for answer in answers] == [429]
        assert "retry-after" in answers[0].headers


async def test_requests_made_from_the_document_end_in_no_5xx(scene: Scene) -> None:
    endpoints = table(scene)
    api = from_dict(document(endpoints))
    api.app = make_app(scene.service, endpoints)
    operation = api["/api/v1/chat"]["POST"]
    headers = scene.bearer("read")

    @settings(
        max_examples=25, phases=(Phase.generate,), derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def ask(case: Case) -> None:
        scene.clock.now += 61_000_000
        response: schemathesis.Response = case.call(headers=headers)
        case.validate_response(
            response, checks=(not_a_server_error, status_code_conformance, response_schema_conformance)
        )

    await anyio.to_thread.run_sync(ask)
