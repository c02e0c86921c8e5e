"""What the OpenAPI document promises holds for requests made from it, good and bad; none ends in a 5xx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from socterm.service.endpoints import Endpoint
from socterm.service.openapi import document
from socterm.service.service import Terms, make_app
from socterm.service.table import ENDPOINTS
from tests.service_scene import Scene

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
EXAMPLES = 12
ENDING = [endpoint for endpoint in ENDPOINTS if endpoint.gives == "application/json"]
"""Those whose answers have an end; the stream has tests of its own."""

RARE = {"/api/v1/auth/token", "/api/v1/users/{name}"}
"""Where success takes a name that chance does not hit."""
OWN_LANGUAGE = {
    "/api/v1/alerts", "/api/v1/events", "/api/v1/incidents", "/api/v1/rules", "/api/v1/sources",
    "/api/v1/alerts/{id}/transition", "/api/v1/alerts/{id}/notes", "/api/v1/users/{name}",
}  # fmt: skip
"""Where queries, cursors and combinations can be wrong that no schema describes."""


class Api:
    """The service in this process, and its document."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.document = from_dict(document(ENDPOINTS))
        self.document.app = make_app(scene.service, ENDPOINTS)

    def strategy(self, endpoint: Endpoint, mode: GenerationMode) -> object:
        operation = self.document[endpoint.path][endpoint.method]
        return operation.as_strategy(generation_mode=mode)

    def ask(self, case: Case) -> schemathesis.Response:
        scene = self.scene
        scene.clock.now += 61_000_000  # so that what counts by the minute lets it pass
        user = scene.store.identity.user("keeper")
        assert user is not None
        token = scene.service.signer.sign(user.name, ["admin"], user.stamp, scene.clock() // 1_000_000)
        return case.call(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    scene = Scene(tmp_path_factory.mktemp("api") / "a.db", terms=Terms(hosts=("testserver",)))
    scene.user("keeper", "admin")
    for verb in ("acknowledge", "close"):
        scene.store.triage.decide([2], verb, actor="keeper", now=scene.clock())
    scene.store.incidents.escalate([1, 3], actor="keeper", now=scene.clock())
    yield Api(scene)
    scene.store.close()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda one: one.value)
@pytest.mark.parametrize("endpoint", ENDING, ids=lambda one: one.name)
def test_answers_are_as_the_document_says(api: Api, endpoint: Endpoint, mode: GenerationMode) -> None:
    takes = endpoint.query.model_fields or endpoint.body or "{" in endpoint.path
    if mode is GenerationMode.NEGATIVE and not takes:
        return  # there is nothing to say wrongly

    seen: set[int] = set()
    asked: list[Case] = []

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,  # a build fails for what was changed, not by chance
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api.strategy(endpoint, mode))  # type: ignore[arg-type]
    def ask(case: Case) -> None:
        asked.append(case)
        if "{id}" in endpoint.path and mode is GenerationMode.POSITIVE and len(asked) % 2:
            case.path_parameters["id"] = 1  # one that there is
            case.headers["If-Match"] = "*"
        response = api.ask(case)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    if mode is GenerationMode.POSITIVE:
        assert {400, 422} & seen == set() or endpoint.path in OWN_LANGUAGE
        assert endpoint.status in seen or endpoint.path in RARE


def test_every_endpoint_is_in_the_document_with_its_scope() -> None:
    told = document(ENDPOINTS)
    for endpoint in ENDPOINTS:
        operation = told["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["security"] == ([{"bearer": []}] if endpoint.scope else [])
        assert str(endpoint.status) in operation["responses"]
        assert operation["summary"] == endpoint.summary
    names = [operation["operationId"] for path in told["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names) == len(ENDPOINTS)
