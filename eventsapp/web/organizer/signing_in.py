"""Signing in, by Flask-Security, confined to the organizer's pages: no public page knows of a cookie."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Flask, g, request, session
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore, user_authenticated
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.links import new_public_id
from eventsapp.models import Passkey, SignIn, User
from eventsapp.web.pages import now

PREFIX = "/organizer"
KEPT_SIGNED_IN = timedelta(days=14)
FRESH_FOR = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=5)
SIGN_IN = "sign_in"  # in the cookie: which row of SignIn this browser is


def sign_in(app: Flask, settings: Settings) -> None:
    """Set up Flask-Security. What it hangs on every request is confined to the organizer's pages."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-eventsapp" if settings.secure else "eventsapp",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # or a signed-in organizer would get a cookie from public pages
        PERMANENT_SESSION_LIFETIME=KEPT_SIGNED_IN,
        WTF_CSRF_TIME_LIMIT=None,
        SECURITY_URL_PREFIX=PREFIX,
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW=f"{PREFIX}/",
        SECURITY_POST_LOGOUT_VIEW=f"{PREFIX}/sign-in",
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  the name of a hash
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_STATIC_FOLDER=None,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    datastore = SQLAlchemyUserDatastore(db, User, None, Passkey)  # type: ignore[arg-type]
    with _confined(app):
        Security(app, datastore)
    user_authenticated.connect(_note_sign_in, app)


def organizers_page() -> bool:
    """Whether this request is one to which signing in means something."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def signed_in() -> User | None:
    """Whoever is signed in by this browser's cookie, unless that was ended, here or from another browser."""
    if not current_user.is_authenticated:
        return None
    user: User = current_user._get_current_object()  # noqa: SLF001  werkzeug's own way to the object behind a proxy
    if "sign_in_row" not in g:
        g.sign_in_row = _row(user)
    return user if g.sign_in_row is not None else None


def is_fresh() -> bool:
    """Whether the person proved who they are only just."""
    proved = float(session.get("fs_paa", 0))
    return time.time() - proved < FRESH_FOR.total_seconds()


def _row(user: User) -> SignIn | None:
    row = db.session.scalar(
        select(SignIn)
        .where(SignIn.public_id == session.get(SIGN_IN, ""), SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .options(joinedload(SignIn.user))
    )
    if row is None or row.seen_at < now() - KEPT_SIGNED_IN:
        return None
    return row


def _note_sign_in(_app: Flask, user: User, **_: Any) -> None:
    """A new row for this browser; the cookie names it."""
    session.permanent = True
    session[SIGN_IN] = public_id = new_public_id()
    user_id, browser = user.id, (request.user_agent.string or "")[:120]
    with transaction() as db_session:
        db_session.add(SignIn(user_id=user_id, public_id=public_id, browser=browser, created_at=now(), seen_at=now()))


@contextmanager
def _confined(app: Flask) -> Iterator[None]:
    """What the block hangs on every request of the app acts on the organizer's pages alone.

    Otherwise the extensions would look at the cookie, and so at the database, on pages that caches keep for everybody.
    """
    hooks: list[tuple[dict[Any, list[Callable[..., Any]]], Any]] = [
        (app.before_request_funcs, None),
        (app.after_request_funcs, lambda response: response),
        (app.teardown_request_funcs, None),
        (app.template_context_processors, dict),
    ]
    before = [list(functions.get(None, ())) for functions, _ in hooks]
    yield
    for (functions, instead), known in zip(hooks, before, strict=True):
        functions[None] = [
            function if function in known else _only_there(function, instead) for function in functions.get(None, ())
        ]


def _only_there(function: Callable[..., Any], instead: Callable[..., Any] | None) -> Callable[..., Any]:
    @wraps(function)
    def confined(*arguments: Any) -> Any:
        if organizers_page():
            return function(*arguments)
        return None if instead is None else instead(*arguments)

    return confined
