"""A browser without a session that signs in through the pages, as a person does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from answering_city import PASSWORD, City, words
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.sessions import COOKIE


class Visitor:
    """`agent` is what the browser calls itself, `address` where it comes from."""

    def __init__(
        self, city: City, *, address: str = "192.0.2.7", agent: str = "Mozilla/5.0 (X11; Linux) Firefox/140.0"
    ) -> None:
        self.client: FlaskClient = city.app.test_client()
        self.client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, form: str = "", /, **fields: Any) -> TestResponse:
        """Post with the token that the page `form` (default: the same path) shows."""
        return self.client.post(path, data={"csrf": self.token(form or path), **fields})

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf" (?:content|value)="([^"]+)"', self.client.get(path).text)
        assert found is not None, path
        return unescape(found[1])

    def sign_in(self, name: str, password: str = PASSWORD, next: str = "") -> TestResponse:
        return self.post("/login", name=name, password=password, next=next)

    @property
    def cookie(self) -> str:
        kept = self.client.get_cookie(COOKIE)
        return kept.value if kept is not None else ""

    @property
    def inside(self) -> bool:
        """Whether a page for signed-in people opens."""
        return self.client.get("/directory").status_code == 200


def says(answer: TestResponse) -> str:
    return words(answer.text)
