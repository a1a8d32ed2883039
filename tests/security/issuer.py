"""A small OpenID Connect provider on this machine: discovery, keys, code with PKCE, signed id_tokens; and how it can go wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from huiyin.serving import Served

CLIENT, SECRET = "huiyin-office", "s3cret-of-the-client"


class Issuer:
    """`twist` changes the claims of the next id_token; `forge` signs it with a key that is not published, `symmetric` with the
    client's secret. `asked` holds what each request for a token brought."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.other = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.sub, self.name = "8f14e45f", "zhang"
        self.twist: dict[str, Any] = {}
        self.forge = self.symmetric = self.unsigned = False
        self.described: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.server = Served(self._app())
        self.base = f"http://127.0.0.1:{self.server.port}"

    def close(self) -> None:
        self.server.close()

    def _app(self) -> Flask:
        app = Flask("issuer")

        @app.get("/.well-known/openid-configuration")
        def describe() -> Response:
            return jsonify({
                "issuer": self.base, "authorization_endpoint": f"{self.base}/authorize", "token_endpoint": f"{self.base}/token",
                "jwks_uri": f"{self.base}/keys", **self.described,
            })  # fmt: skip

        @app.get("/keys")
        def keys() -> Response:
            return jsonify(KeySet([self.key]).as_dict(private=False))

        @app.get("/authorize")
        def authorize() -> Any:
            code = secrets.token_urlsafe(12)
            self.codes[code] = {**request.args}
            return redirect(
                f"{request.args['redirect_uri']}?{urlencode({'code': code, 'state': request.args['state']})}"
            )

        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        return app

    def _token(self) -> Any:
        form = {**request.form}
        self.asked.append({**form, "authorization": request.headers.get("Authorization", "")})
        known = self.codes.pop(form.get("code", ""), None)  # a code works once
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        right = (
            known is not None and known["code_challenge"] == challenge and known["code_challenge_method"] == "S256"
            and known["redirect_uri"] == form["redirect_uri"] and request.headers.get("Authorization") == f"Basic {basic}"
        )  # fmt: skip
        if not right or known is None:
            return jsonify({"error": "invalid_grant"}), 400
        return jsonify(
            {"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(known["nonce"])}
        )

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.base, "aud": CLIENT, "sub": self.sub, "nonce": nonce, "iat": now, "exp": now + 300, "preferred_username": self.name,
            "role": "admin", "roles": ["admin"], **self.twist,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = [
                base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                for part in ({"alg": "none"}, claims)
            ]
            return ".".join([*parts, ""])
        if self.symmetric:
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.other if self.forge else self.key)

    def approve(self, address: str) -> str:
        """What a person does at the service: open the address, be sent back. The path of our callback."""
        import requests

        answer = requests.get(address, allow_redirects=False, timeout=10)
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def one(address: str, name: str) -> str:
    return parse_qs(urlsplit(address).query)[name][0]
