"""What the OpenAPI document says of the endpoints that take logs holds for requests made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from socterm.service.intake.records import FORMS
from socterm.service.intake.table import intake_endpoints
from socterm.service.openapi import document
from socterm.service.table import with_document
from socterm.sources.hub import Hub

from intake_scene import Intake

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
PATHS = ("/api/v1/logs/ingest", "/api/v1/logs", "/upload")
TOLD: dict[str, Any] = document(with_document(intake_endpoints(Hub())))


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    with Intake(tmp_path_factory.mktemp("document") / "s.db") as made:
        yield made


@pytest.mark.parametrize("path", PATHS)
def test_whatever_is_sent_the_answer_is_as_the_document_says(intake: Intake, path: str) -> None:
    operation = from_dict(TOLD)[path]["POST"]
    types = sorted([*TOLD["paths"][path]["post"]["requestBody"]["content"], "text/html"])
    bearer = {"Authorization": f"Bearer {intake.token()}"}

    @settings(
        max_examples=40, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(types), st.binary(max_size=200) | st.text(alphabet='[]{}":,a1 \n').map(str.encode))
    def ask(media_type: str, body: bytes) -> None:
        case: Case = operation.Case(media_type=media_type, body=body)
        response = requests.post(intake.url + path, body, headers=bearer | {"Content-Type": media_type})
        case.validate_response(schemathesis.Response.from_requests(response, verify=False), checks=CHECKS)

    ask()


def test_all_that_is_taken_stands_there() -> None:
    for path in PATHS[:2]:
        operation = TOLD["paths"][path]["post"]
        assert set(operation["requestBody"]["content"]) == set(FORMS)
        assert operation["security"] == [{"bearer": []}]
        assert {"202", "400", "401", "403", "408", "413", "415", "422", "429", "503"} <= set(
            operation["responses"]
        )
    upload = TOLD["paths"]["/upload"]["post"]
    assert set(upload["requestBody"]["content"]) == {"application/vnd.fdo.journal"}
