"""The document of the API (OpenAPI 3.1), made from the table of endpoints and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from pydantic.json_schema import models_json_schema

import socterm
from socterm.service.answers import LARGEST, Answer, Failed
from socterm.service.endpoints import Call, Endpoint, Nothing

REASONS: Final = {
    200: "As asked", 201: "Made", 202: "Taken", 400: "It cannot be read", 401: "Who asks is not known",
    403: "They may not, or a page of another site asks", 404: "There is no such thing",
    408: "Its body did not come in time",
    409: "Its state does not allow that", 412: "It was decided on since", 413: "It is too large",
    415: "It is of another type", 421: "It is for another host", 422: "A value cannot be taken",
    428: "`If-Match` is missing", 429: "Too often: see `Retry-After`",
    500: "Something is wrong here, not with the request", 503: "The store or the queue cannot take it now",
}  # fmt: skip
"""What a status says, everywhere."""

_SCHEMAS: Final = "#/components/schemas/"


def statuses(endpoint: Endpoint) -> list[int]:
    """Every status an endpoint can answer with, its success first."""
    found = {400, 403, 421, 429, 503, *endpoint.others}
    if endpoint.scope:
        found.add(401)
    if "{" in endpoint.path:
        found.add(404)
    if endpoint.matched:
        found |= {412, 428}
    if endpoint.body is not None or endpoint.raw:
        found |= {408, 413, 415, 422}
    if endpoint.query is not Nothing:
        found.add(422)
    return [endpoint.status, *sorted(found - {endpoint.status})]


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    return _document(tuple(endpoints))


@lru_cache(maxsize=4)
def _document(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    models = {model for one in endpoints for model in (one.answer, one.body) if model is not None} | {Failed}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=_SCHEMAS + "{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "socterm",
            "version": socterm.__version__,
            "description": "Alerts, incidents, events and decisions of one store. See docs/api.md.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"Needs the scope `{endpoint.scope}`." if endpoint.scope else "Anybody may ask.",
        "parameters": [*_places(endpoint), *_query(endpoint), *_headers(endpoint)],
        "responses": {str(status): _response(endpoint, status) for status in statuses(endpoint)},
        "security": [{"bearer": []}] if endpoint.scope else [],
    }
    if endpoint.body is not None:
        kinds = ("application/x-www-form-urlencoded",) if endpoint.form else endpoint.takes
        schema = {"$ref": _SCHEMAS + endpoint.body.__name__}
        told["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    elif endpoint.raw:
        told["requestBody"] = {"required": True, "content": {kind: {} for kind in endpoint.takes}}
    return told


def _places(endpoint: Endpoint) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST}
    name = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9][A-Za-z0-9._@-]*$"}
    return [
        {"name": part, "in": "path", "required": True, "schema": number if part == "id" else name}
        for part in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _query(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The fields of the model, one parameter each; a field with several values stands several times."""
    found = []
    for name, schema in endpoint.query.model_json_schema().get("properties", {}).items():
        plain = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        kept = {key: value for key, value in plain.items() if key not in ("title", "description")}
        parameter = {"name": name, "in": "query", "required": False, "schema": kept}
        if "description" in schema:
            parameter["description"] = schema["description"]
        found.append(parameter)
    return found


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    if not endpoint.matched:
        return []
    told = "The `ETag` of the state that is decided on; `*` for any"
    return [{"name": "If-Match", "in": "header", "required": True, "description": told,
             "schema": {"type": "string", "minLength": 1}}]  # fmt: skip


def _response(endpoint: Endpoint, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": REASONS[status]}
    if status != endpoint.status:
        told["content"] = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{Failed.__name__}"}}}
    elif endpoint.answer is not None:
        schema = {"$ref": _SCHEMAS + endpoint.answer.__name__}
        told["content"] = {endpoint.gives: {"schema": schema}}
    else:
        told["content"] = {endpoint.gives: {}}
    return told


def endpoint_of(table: Iterable[Endpoint]) -> Endpoint:
    """The endpoint that tells the document of a table, in which it stands itself."""

    def tell(_call: Call[Nothing, Nothing]) -> Answer:
        return Answer(document(whole))

    own = Endpoint("GET", "/openapi.json", "Tell this document", tell, "read")
    whole = (*table, own)
    return own
