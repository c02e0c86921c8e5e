"""Every endpoint refuses who may not; the table is that of the endpoints, so that none is forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from socterm.service.chat import chat_endpoints
from socterm.service.endpoints import Endpoint
from socterm.service.frame.headers import HEADERS
from socterm.service.identity import INCLUDES
from socterm.service.intake.table import intake_endpoints
from socterm.service.service import make_app
from socterm.service.stream import PATH
from socterm.service.table import with_document
from socterm.sources.hub import Hub
from starlette.routing import Route, WebSocketRoute
from tests.service_scene import HOST, Scene, code

OPEN = {("POST", "/api/v1/auth/token"), ("GET", "/health"), ("POST", "/upload")}
"""What may be asked without a token: journals come from this machine or with a certificate."""


def _nobody(name: str) -> Any:
    raise LookupError(name)


ENDPOINTS = with_document([*intake_endpoints(Hub()), *chat_endpoints(_nobody)])

REFUSALS = ["no token", "unknown token", "expired token", "revoked token", "expired login", "wrong scope",
            "foreign Origin", "no Origin at all, null", "foreign Host", "no Host"]  # fmt: skip
OF_ANYBODY = {"foreign Origin", "no Origin at all, null", "foreign Host", "no Host"}
STATUS = {"wrong scope": 403, "foreign Origin": 403, "no Origin at all, null": 403, "foreign Host": 421,
          "no Host": 421}  # fmt: skip


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("service") / "a.db")
    made.user("ann", "admin")
    yield made
    made.store.close()


def _headers(scene: Scene, refusal: str, endpoint: Endpoint) -> dict[str, str]:
    good = scene.bearer("ingest", "admin")
    now = scene.clock()
    if refusal == "no token":
        return {}
    if refusal == "unknown token":
        return {"Authorization": "Bearer soct_" + "x" * 43}
    if refusal == "expired token":
        return {"Authorization": f"Bearer {scene.token('ingest', 'admin', expires=now)}"}
    if refusal == "revoked token":
        token = scene.token("ingest", "admin", expires=now + 1)
        scene.store.identity.revoke_token(scene.store.identity.tokens()[0].id, actor="root", now=now)
        return {"Authorization": f"Bearer {token}"}
    if refusal == "expired login":
        user = scene.store.identity.user("ann")
        assert user is not None
        token = scene.service.signer.sign("ann", ["admin"], user.stamp, now // 1_000_000 - 1800)
        return {"Authorization": f"Bearer {token}"}
    if refusal == "wrong scope":
        others = [scope for scope in INCLUDES if endpoint.scope not in INCLUDES[scope]]
        return scene.bearer(*others)
    if refusal == "foreign Host":
        return good | {"Host": "evil.example:8514"}
    if refusal == "no Host":
        return good | {"Host": ""}
    return good | {"Origin": "null" if "null" in refusal else "http://127.0.0.1:9999"}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
async def test_who_may_not_is_refused(scene: Scene, endpoint: Endpoint, refusal: str) -> None:
    if not endpoint.scope and refusal not in OF_ANYBODY:
        assert (endpoint.method, endpoint.path) in OPEN
        return
    path = endpoint.path.replace("{id}", "1").replace("{name}", "ann")
    async with scene.client(ENDPOINTS) as client:
        response = await client.request(
            endpoint.method, path, headers={"If-Match": "*", **_headers(scene, refusal, endpoint)}
        )
    assert response.status_code == STATUS.get(refusal, 401), response.text
    if endpoint.method != "HEAD":
        code(response)
    assert set(HEADERS) <= {name.lower().encode() for name in response.headers}
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_nothing_is_reached_but_by_the_table(scene: Scene) -> None:
    """What the application routes is what the table says, method by method."""
    app = make_app(scene.service, ENDPOINTS)
    routed = set()
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            assert route.path == PATH
            continue
        assert isinstance(route, Route)
        routed |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    assert routed == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    assert {place for place in routed if not _of(place).scope} == OPEN


def _of(place: tuple[str, str]) -> Endpoint:
    return next(one for one in ENDPOINTS if (one.method, one.path) == place)


STREAM = next(one for one in ENDPOINTS if one.path == PATH)


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("path", [PATH, "/api/v1/alerts", "/nowhere"])
async def test_a_web_socket_is_not_opened_to_who_may_not(scene: Scene, path: str, refusal: str) -> None:
    """As a page or a program opens one; a path that has none refuses everybody."""
    headers = {"Host": HOST, **_headers(scene, refusal, STREAM)}
    told = await _knock(scene, path, headers)
    assert told[0]["type"] in ("websocket.close", "websocket.http.response.start"), told
    if path == PATH and refusal not in OF_ANYBODY:
        assert told[0]["status"] == STATUS.get(refusal, 401)
        assert json.loads(told[1]["body"])["error"]["code"] in ("unauthorised", "scope")


async def test_a_web_socket_is_opened_to_who_may(scene: Scene) -> None:
    told = await _knock(scene, PATH, {"Host": HOST, "Origin": f"http://{HOST}", **scene.bearer("read")})
    assert [message["type"] for message in told] == ["websocket.accept", "websocket.send"]


async def _knock(scene: Scene, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the application says to who wants a web socket and goes after the first word."""
    told: list[dict[str, Any]] = []
    gone = anyio.Event()
    said = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        for message in said:
            return message
        await gone.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)
        if message["type"] == "websocket.send":
            gone.set()

    scope = {
        "type": "websocket", "http_version": "1.1", "path": path, "raw_path": path.encode(), "scheme": "ws",
        "query_string": b"", "root_path": "", "subprotocols": [], "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 8514), "extensions": {"websocket.http.response": {}},
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await make_app(scene.service, ENDPOINTS)(scope, receive, send)  # type: ignore[arg-type]
    return told


def test_a_place_is_taken_once(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        make_app(scene.service, [*ENDPOINTS, ENDPOINTS[0]])


async def test_nothing_is_read_from_who_may_not(scene: Scene) -> None:
    """A body that never comes holds up nobody whose token is not good."""
    for endpoint in ENDPOINTS:
        if not endpoint.scope:
            continue
        path = endpoint.path.replace("{id}", "1").replace("{name}", "ann")
        told: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            raise AssertionError("read")

        async def send(message: dict[str, object], told: list[dict[str, object]] = told) -> None:
            told.append(message)

        scope = {
            "type": "http", "http_version": "1.1", "method": endpoint.method, "path": path,
            "raw_path": path.encode(), "query_string": b"", "scheme": "http", "root_path": "",
            "headers": [(b"host", b"localhost"), (b"content-length", b"999999999")],
            "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8514),
        }  # fmt: skip
        await make_app(scene.service, ENDPOINTS)(scope, receive, send)  # type: ignore[arg-type]
        assert told[0]["status"] == 401
