"""The API's own description (OpenAPI): refusals, keys and tokens, which FastAPI cannot see."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from contravento.http.dependencies import BEARER, MAYBE_BEARER

INTRODUCTION = """
JSON in and out. Times are RFC 3339 with a zone, lengths metres, durations seconds, coordinates
[longitude, latitude]. Lists answer `items` and `next`, the cursor of the next page or null.
Every refusal is problem+json (RFC 9457). What the caller may not see is 404. Reads carry an ETag.
Unsafe methods take an `Idempotency-Key`: a repetition within 24 hours gets the first answer.
Sign in under `/sessions`, or make a personal token under `/me/tokens`, and send it as a bearer.
"""
PROBLEM = "application/problem+json"
NOT_REPEATED = {"x-idempotent": False}  # of routes whose answers are secrets, so never kept

_SENTENCES = {
    400: "The request could not be read",
    401: "Not signed in, or the token is not good",
    403: "Not allowed",
    404: "It does not exist, or is not shared with the caller",
    409: "Not as things are",
    413: "More bytes than are taken",
    422: "Something in it has to be put right",
    429: "Too often; Retry-After says when to try again",
    507: "The server has no room left",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of one's own that names this request; random is best.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """Why a request was refused, in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldProblem] = []


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route can refuse beside what its parameters and its sign-in say already."""
    return {status: _refusal(status) for status in statuses}


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=INTRODUCTION.strip(),
            routes=app.routes,
        )
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        place = "#/components/schemas/{model}"
        schemas["FieldProblem"] = FieldProblem.model_json_schema(ref_template=place)
        problem = Problem.model_json_schema(ref_template=place)
        schemas["Problem"] = {name: part for name, part in problem.items() if name != "$defs"}
        document["components"]["securitySchemes"].pop(MAYBE_BEARER, None)
        for method, operation in _operations(document):
            _complete(operation, is_safe=method == "get")
        app.openapi_schema = document
    return app.openapi_schema


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for methods in description["paths"].values():
        yield from methods.items()


def _complete(operation: dict[str, Any], *, is_safe: bool) -> None:
    statuses = set(_statuses_by_shape(operation))
    schemes = {name for scheme in operation.get("security", []) for name in scheme}
    if schemes:
        operation["security"] = [{BEARER: []}] if BEARER in schemes else [{BEARER: []}, {}]
        statuses |= {401, 403} if BEARER in schemes else {401}
    if not is_safe:
        statuses |= {400, 403, 413}
        if operation.pop("x-idempotent", True):
            operation.setdefault("parameters", []).append(_KEY)
            statuses |= {401, 409, 422}
    for status in sorted(statuses):
        operation["responses"][str(status)] = _refusal(status)


def _statuses_by_shape(operation: dict[str, Any]) -> Iterator[int]:
    parameters = operation.get("parameters", [])
    if parameters or "requestBody" in operation:
        yield 422
    if any(parameter["in"] == "path" for parameter in parameters):
        yield 404


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _SENTENCES[status], "content": {PROBLEM: {"schema": schema}}}
