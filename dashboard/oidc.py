"""Sign-in through an OpenID Connect service: discovery, code with PKCE, nonce, a signed id_token; an extra (huiyin[oidc]).

The service says who a person is, never what they may do: its name leads to an account that is here already. What a round
trip needs stands in a sealed cookie; the state works once, in the record, so that several processes agree.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboard import accounts, auth
from dashboard.keys import seal, unseal
from dashboard.services import services, write
from huiyin.errors import Forbidden, HuiyinError, Unavailable, UsageError
from huiyin.records import IdempotencyKey, User, utcnow
from huiyin.records.audit import append
from huiyin.settings import Settings

COOKIE = "huiyin_oidc"
LIFE = timedelta(minutes=10)
KNOWN_FOR = 3600.0
"""Seconds for which the service's description and keys are kept."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Asymmetric only: a token signed with a secret that we share proves less, and `none` nothing."""
TIMEOUT = 10
REFUSED = "统一身份认证没有通过，请重新登录；如多次失败，请联系管理员。"


def offered(settings: Settings) -> bool:
    return bool(settings.oidc_issuer)


def check(settings: Settings) -> None:
    """Fail at the start. Raises UsageError naming what is missing."""
    if not offered(settings):
        return
    if importlib.util.find_spec("authlib") is None or importlib.util.find_spec("joserfc") is None:
        raise UsageError("oidc_issuer is set, but the extra is not installed: pip install 'huiyin[oidc]'")
    if not settings.oidc_client_id:
        raise UsageError("oidc_issuer is set, but oidc_client_id is empty")
    _safe(settings.oidc_issuer)


def begin(back: str, target: str) -> tuple[str, str]:
    """(address of the service to go to, sealed cookie). `back`: our callback's address; `target`: where to go on after it."""
    settings = services().settings
    verifier = secrets.token_urlsafe(48)
    kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "verifier": verifier, "next": target[:500], "at": time.time()}  # fmt: skip
    client = _client(settings, back)
    address, _ = client.create_authorization_url(
        _described()["authorization_endpoint"],
        state=kept["state"],
        nonce=kept["nonce"],
        code_verifier=verifier,
    )
    return str(address), seal(settings.home_path, json.dumps(kept))


def finish(cookie: str, state: str, code: str, back: str) -> tuple[dict[str, Any], str]:
    """(claims of the id_token, where to go on). Raises Forbidden for anything that is not the one answer to our question."""
    kept = _kept(cookie)
    if not state or not secrets.compare_digest(state.encode(), str(kept["state"]).encode()) or not code:
        raise Forbidden(REFUSED)
    _once(state)
    from authlib.integrations.base_client import OAuthError
    from requests import RequestException

    settings = services().settings
    try:
        token = _client(settings, back).fetch_token(
            _described()["token_endpoint"],
            code=code,
            code_verifier=kept["verifier"],
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except (OAuthError, RequestException, ValueError) as error:
        current_app.logger.warning("the sign-in service gave no token: %s", type(error).__name__)
        raise Forbidden(REFUSED) from error
    return _claims(str(token.get("id_token", "")), kept["nonce"]), str(kept["next"])


def person(session: Session, claims: dict[str, Any], settings: Settings) -> User:
    """The account that the claims lead to. Raises Forbidden where there is none, or it belongs to another subject."""
    subject = hashlib.sha256(f"{settings.oidc_issuer}\n{claims['sub']}".encode()).hexdigest()
    user = session.scalars(select(User).where(User.subject == subject)).first()
    name = str(claims.get(settings.oidc_claim, ""))[:64]
    if user is None and name:
        user = session.get(User, name)
        if user is None and settings.oidc_create_role:
            accounts.add(
                session, name, settings.oidc_create_role, by="oidc", display=str(claims.get("name", ""))[:40]
            )
            user = session.get_one(User, name)
            user.must_change = False  # nobody knows its password; an administrator may give one
        if user is not None and user.subject:
            user = None  # a name that changed hands at the service does not open its first holder's account
        if user is not None:
            user.subject = subject
            append(session, user.name, "link-oidc", f"user:{user.name}")
    if user is None:
        raise Forbidden("统一身份认证已确认您的身份，但本系统没有与之对应的账号；请联系管理员。")
    if not user.enabled or auth.is_locked(user):
        raise Forbidden("您的账号已停用或暂时锁定；请联系管理员。")
    return user


def _kept(cookie: str) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(unseal(services().settings.home_path, cookie))
    except (HuiyinError, ValueError) as error:
        raise Forbidden(REFUSED) from error
    if time.time() - float(kept["at"]) > LIFE.total_seconds():
        raise Forbidden("登录等待时间过长，请重新登录。")
    return kept


def _once(state: str) -> None:
    key = "oidc:" + hashlib.sha256(state.encode()).hexdigest()
    try:
        with write() as session:
            session.add(IdempotencyKey(id=key, answer={}, at=utcnow()))
    except IntegrityError as error:
        raise Forbidden(REFUSED) from error


def _client(settings: Settings, back: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    file = settings.oidc_client_secret_file
    try:
        secret = Path(file).read_text("utf-8").strip() if file else None
    except OSError as error:
        raise Unavailable("统一身份认证的密钥文件无法读取；请联系管理员。") from error
    return OAuth2Session(
        settings.oidc_client_id, secret, scope="openid profile", redirect_uri=back, code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )  # fmt: skip


def _described(fresh: bool = False) -> dict[str, Any]:
    """The service's description and keys (`jwks`), kept for an hour."""
    cache, settings = services().cache, services().settings
    known = cache.get("oidc")
    if known is not None and not fresh and time.monotonic() - known[0] < KNOWN_FOR:
        return dict(known[1])
    issuer = settings.oidc_issuer.rstrip("/")
    found = _json(f"{issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise Unavailable("统一身份认证服务的描述与设置 oidc_issuer 不一致；请联系管理员。")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _safe(str(found.get(name, "")))
    found["jwks"] = _json(found["jwks_uri"])
    cache["oidc"] = (time.monotonic(), found)
    return found


def _json(address: str) -> dict[str, Any]:
    import requests

    try:
        answer = requests.get(_safe(address), timeout=TIMEOUT, allow_redirects=False)
        found = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as error:
        raise Unavailable("统一身份认证服务暂时没有响应，请稍后再试，或用本系统的账号登录。") from error
    if not isinstance(found, dict):
        raise Unavailable("统一身份认证服务的答复不能识别，请稍后再试，或用本系统的账号登录。")
    return found


def _safe(address: str) -> str:
    """https, or http on this machine. Raises UsageError."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in auth.LOOPBACK):
        return address
    raise UsageError(f"oidc_issuer: the address {address[:100]!r} is not https")


def _claims(id_token: str, nonce: str) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    settings = services().settings
    registry = jwt.JWTClaimsRegistry(
        leeway=60, iss={"essential": True, "value": settings.oidc_issuer}, sub={"essential": True}, exp={"essential": True},
        iat={"essential": True}, aud={"essential": True, "value": settings.oidc_client_id}, nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    for fresh in (False, True):  # the service may have changed its keys since we asked
        try:
            token = jwt.decode(
                id_token, KeySet.import_key_set(_described(fresh)["jwks"]), algorithms=ALGORITHMS
            )
            registry.validate(token.claims)
        except (JoseError, ValueError) as error:
            problem: Exception = error
            continue
        claims: dict[str, Any] = dict(token.claims)
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.oidc_client_id:
            raise Forbidden(REFUSED)
        return claims
    current_app.logger.warning("an id_token was refused: %s", type(problem).__name__)
    raise Forbidden(REFUSED) from problem
