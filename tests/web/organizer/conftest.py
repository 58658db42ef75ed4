"""An organizer at a desk: a browser in which somebody is signed in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from eventsapp.db import transaction
from eventsapp.domain.links import new_public_id
from eventsapp.models import SignIn, User
from eventsapp.web.pages import now


@dataclass
class DeskOf:
    """What one signed-in person's browser does. Paths are below ``/organizer``."""

    client: FlaskClient

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/organizer{path}", query_string=query)

    def post(self, path: str, form: Any = None, *, token: str | None = None, **options: Any) -> TestResponse:
        """Send a form as a page of ours does, its token included; ``token`` sends another one."""
        fields = dict(form or {}) | {"csrf_token": self.token() if token is None else token}
        return self.client.post(f"/organizer{path}", data=fields, **options)

    def token(self) -> str:
        with self.client.session_transaction() as kept:
            kept.setdefault("csrf_token", "0" * 40)
        from flask_wtf.csrf import generate_csrf  # noqa: PLC0415

        app = self.client.application
        with app.test_request_context(headers=[("Cookie", self._cookie())]):
            g.pop("csrf_token", None)  # of another browser: tests have one context for all requests
            return str(generate_csrf())

    def _cookie(self) -> str:
        name = self.client.application.config["SESSION_COOKIE_NAME"]
        cookie = self.client.get_cookie(name, domain="events.example.org") or self.client.get_cookie(name)
        return f"{name}={cookie.value}" if cookie else ""


@pytest.fixture
def desk(app: Flask) -> Callable[..., DeskOf]:
    """``desk(user)``: a browser in which they are signed in; ``fresh=False``: since long ago."""

    def sign_in(user: User, *, fresh: bool = True) -> DeskOf:
        client, public_id = app.test_client(), new_public_id()
        user_id, uniquifier = user.id, user.fs_uniquifier
        with transaction() as session:
            session.add(SignIn(user_id=user_id, public_id=public_id, created_at=now(), seen_at=now()))
        with client.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"], kept["sign_in"] = uniquifier, True, public_id
            kept["fs_cc"], kept["fs_paa"] = "set", time.time() if fresh else 0.0
            kept.permanent = True
        return DeskOf(client)

    return sign_in
