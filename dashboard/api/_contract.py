"""One declaration an endpoint: it checks the request, and the OpenAPI document is made from it (dashboard/api/_openapi.py)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from flask import Blueprint, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from dashboard import auth
from dashboard.api import _tokens
from dashboard.services import read, services, write
from huiyin.errors import UsageError
from huiyin.records import Token, utcnow

RATE, RATE_SECONDS = 120, 60.0
"""Requests a token in so many seconds."""
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the address or a header. `kind`: string, integer, boolean, moment; `many` may repeat."""

    name: str
    about: str
    kind: str = "string"
    where: str = "query"
    choices: tuple[str, ...] = ()
    default: Any = None
    least: int = 0
    most: int = 0
    length: int = 200
    many: bool = False
    needed: bool = False

    @property
    def key(self) -> str:
        return self.name.lower().replace("-", "_")

    def schema(self) -> dict[str, Any]:
        """The JSON schema of one value; of the list where the parameter may repeat."""
        found: dict[str, Any] = {"type": "string" if self.kind == "moment" else self.kind}
        if self.kind == "string":
            found["maxLength"] = self.length
        if self.kind == "integer":
            found |= {"minimum": self.least, "maximum": self.most}
        if self.choices:
            found = {"type": "string", "enum": list(self.choices)}
        if self.default is not None and not self.many:
            found["default"] = self.default
        return {"type": "array", "items": found, "maxItems": 20} if self.many else found

    def read(self) -> Any:
        """The checked value, or values. Raises UsageError naming the parameter."""
        if self.where == "header":
            raw = [request.headers[self.name]] if self.name in request.headers else []
        else:
            raw = request.args.getlist(self.name)
        if self.many:
            if len(raw) > 20:
                raise UsageError(f"parameter {self.name}: at most 20 values")
            return tuple(self._one(value) for value in raw)
        if len(raw) > 1:
            raise UsageError(f"parameter {self.name}: given {len(raw)} times; give it once")
        if self.needed and not any(raw):
            raise UsageError(f"parameter {self.name} is missing: {self.about}")
        return self._one(raw[0]) if raw else self.default

    def _one(self, value: str) -> Any:
        if len(value) > self.length:
            raise UsageError(f"parameter {self.name}: longer than {self.length} characters")
        if self.choices and value not in self.choices:
            raise UsageError(
                f"parameter {self.name} is {value[:40]!r}; choose from {', '.join(self.choices)}"
            )
        if self.kind == "integer":
            if not re.fullmatch(r"-?[0-9]{1,12}", value) or not self.least <= int(value) <= self.most:
                raise UsageError(
                    f"parameter {self.name} is {value[:40]!r}; it takes a whole number from {self.least} to {self.most}"
                )
            return int(value)
        if self.kind == "boolean":
            if value not in ("true", "false"):
                raise UsageError(f"parameter {self.name} is {value[:40]!r}; it takes true or false")
            return value == "true"
        return _moment(self.name, value) if self.kind == "moment" else value


def _moment(name: str, value: str) -> datetime:
    # A "+" of an offset that was not escaped arrives as a space.
    plain = value.strip().replace(" ", "+") if "T" in value else value.strip()
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as error:
        raise UsageError(
            f"parameter {name} is {value[:40]!r}; write 2026-11-24 or 2026-11-24T15:00:00+08:00"
        ) from error
    if not 1970 <= found.year <= 2200:  # beyond, some zone or engine has no such moment
        raise UsageError(f"parameter {name} is {value[:40]!r}; it takes a time from 1970 to 2200")
    return found if found.tzinfo else found.replace(tzinfo=services().settings.zone)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What an endpoint takes and gives. `body`: content type → schema; `answer`: content type → schema (None: any text)."""

    method: str
    path: str
    summary: str
    scope: str
    params: tuple[Param, ...] = ()
    body: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    in_query: bool = False  # whether the token may stand in the address


def endpoint(bp: Blueprint, declared: Endpoint) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a view under what it declares. It gets the checked parameters by name, and the path's parts."""

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def checked(**parts: Any) -> Any:
            authenticate(declared)
            unknown = set(request.args) - {p.name for p in declared.params if p.where == "query"}
            unknown -= {"token"} if declared.in_query else set()
            if unknown:
                raise UsageError(
                    f"unknown parameter {sorted(unknown)[0][:40]!r}; this address takes"
                    f" {', '.join(p.name for p in declared.params if p.where == 'query') or 'none'}"
                )
            given = {param.key: param.read() for param in declared.params if param.where != "path"}
            answer = view(**parts, **given)
            return answer if isinstance(answer, Response) else jsonify(answer)

        checked.roles = auth.EVERYONE  # type: ignore[attr-defined]
        checked.own_auth = True  # type: ignore[attr-defined]
        checked.declared = declared  # type: ignore[attr-defined]
        rule = re.sub(r"\{(\w+)\}", r"<\1>", declared.path).replace(
            "<number>", "<int(max=9223372036854775807):number>"
        )
        bp.add_url_rule(rule, view.__name__, checked, methods=[declared.method])
        return checked

    return register


def authenticate(declared: Endpoint) -> None:
    """Set g.token and g.user, or end the request with 401, 403 or 429."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip() if kind.lower() == "bearer" else ""
    in_query = not secret and declared.in_query
    if in_query:
        secret = request.args.get("token", "")
    found = _tokens.find(read(), secret) if secret else None
    if found is None:
        stop(
            401,
            "需要有效的令牌",
            "give a live token as the header Authorization: Bearer hy_…",
            {"WWW-Authenticate": 'Bearer realm="huiyin"'},
        )
    token, owner = found
    if declared.scope not in token.scopes:
        stop(
            403,
            "令牌没有这项权限",
            f"this address needs the scope {declared.scope}; the token has {', '.join(token.scopes)}",
        )
    wait = limiter().take(token.id)
    if wait > 0:
        stop(
            429, "请求过于频繁", f"at most {RATE} requests in {RATE_SECONDS:.0f} seconds for a token; wait {wait:.0f} s",
            {"Retry-After": str(int(wait) + 1)},
        )  # fmt: skip
    g.token, g.user = token, owner
    if _tokens.stale(token):
        with write() as session:
            session.get_one(Token, token.id).used = utcnow()


def limiter() -> _tokens.Limiter:
    """This application's counter of requests."""
    cache = services().cache
    made: _tokens.Limiter = cache.setdefault("api-limiter", _tokens.Limiter(RATE, RATE_SECONDS))
    return made


def stop(
    status: int, title: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> NoReturn:
    """End the request with an error as JSON."""
    body = {"error": {"status": status, "title": title, "message": message, **more}}
    response = make_response(jsonify(body), status)
    response.headers.update(headers or {})
    raise HTTPException(response=response)
