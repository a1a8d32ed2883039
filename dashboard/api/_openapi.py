"""The OpenAPI 3.1 document, made from what the views declare: the same declarations check the requests."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from flask import Flask

from dashboard.api._contract import RATE, RATE_SECONDS, Endpoint, Param
from dashboard.api._shapes import ERROR
from dashboard.api._tokens import SCOPES

ERRORS = {
    400: "the request is wrong; the message says which part", 401: "no live token", 403: "the token or its owner may not do this",
    404: "there is no such thing", 409: "somebody else was first", 413: "too large", 415: "a content type that is not taken",
    422: "rows that are wrong, or a key that came before with another body", 429: f"more than {RATE} requests in {RATE_SECONDS:.0f} seconds",
    503: "a part of the system does not answer now; try again later",
}  # fmt: skip
COMMON = (400, 401, 403, 429, 503)


def document(app: Flask, organisation: str) -> dict[str, Any]:
    """The document of all endpoints that `app` has."""
    found = {
        declared.path + declared.method: declared
        for view in app.view_functions.values()
        if isinstance(declared := getattr(view, "declared", None), Endpoint)
    }
    paths: dict[str, Any] = {}
    for _, declared in sorted(found.items()):
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{organisation} 回音", "version": version("huiyin"),
            "description": "Tokens are made on the page 接口令牌. Times are ISO 8601 with an offset. Errors are JSON.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
            "schemas": {"Error": ERROR},
        },
    }  # fmt: skip


def _operation(declared: Endpoint) -> dict[str, Any]:
    parts = [_part(name) for name in re.findall(r"\{(\w+)\}", declared.path)]
    made: dict[str, Any] = {
        "summary": declared.summary,
        "description": f"Scope: {declared.scope} ({SCOPES[declared.scope]}).",
        "operationId": re.sub(r"\W+", "_", f"{declared.method.lower()}{declared.path}").strip("_"),
        "parameters": parts + [_parameter(param) for param in declared.params],
        "security": [{"bearer": []}, *([{"query": []}] if declared.in_query else [])],
        "responses": {
            "200": {
                "description": "done",
                "content": {kind: {"schema": schema or {"type": "string"}} for kind, schema in declared.answer.items()},
            },
            **{str(status): _error(status) for status in sorted({*COMMON, *declared.errors})},
        },
    }  # fmt: skip
    if declared.body:
        made["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": dict(schema)} for kind, schema in declared.body.items()},
        }
    return made


def _part(name: str) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    return {
        "name": name, "in": "path", "required": True,
        "schema": number if name == "number" else {"type": "string", "minLength": 1, "maxLength": 64},
    }  # fmt: skip


def _parameter(param: Param) -> dict[str, Any]:
    return {
        "name": param.name, "in": param.where, "required": param.needed, "description": param.about, "schema": param.schema(),
    }  # fmt: skip


def _error(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": ERRORS[status], "content": content}
