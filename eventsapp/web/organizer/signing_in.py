"""Signing in, by Flask-Security, confined to the organizer's pages: no public page knows of a cookie.

It keeps the cookie, hashes passwords and checks codes. Its own pages are off: they want scripts within the page, and
they write half-way through a transaction that only reads, which SQLite refuses while somebody else writes. Ours are in
``sign_in_pages`` and ``account``.
"""

import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, NamedTuple, cast

from flask import Flask, Response, current_app, g, request, session
from flask_login import current_user
from flask_security import (
    PasswordUtil,
    Security,
    SQLAlchemyUserDatastore,
    Totp,
    UserMixin,
    login_user,
    logout_user,
    user_authenticated,
)
from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager

from eventsapp.config import Settings
from eventsapp.db import AWAY, db, transaction
from eventsapp.domain.errors import Invalid
from eventsapp.domain.links import new_public_id
from eventsapp.domain.passwords import check_password
from eventsapp.models import Passkey, SignIn, User
from eventsapp.translations import say
from eventsapp.web.organizer.browsers import browser_words
from eventsapp.web.pages import now

PREFIX = "/organizer"
KEPT_SIGNED_IN = timedelta(days=14)
FRESH_FOR = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=5)
SIGN_IN = "sign_in"  # in the cookie: which row of SignIn this browser is
KNOWN = "known"  # in the cookie: who signed in here before, under a keyed hash
MOST_KNOWN = 5


class Seen(NamedTuple):
    """The sign-in that a request came with."""

    public_id: str
    seen_at: datetime


class Passwords(PasswordUtil):
    """Our rules, wherever a password is set."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002  the library's
        """The mistakes as sentences, or None, and the password as it is compared. ``email``: it may not be that."""
        normal = self.normalize(password)
        try:
            check_password(normal, str(kwargs.get("email", "")))
        except Invalid as error:
            return [say(error)], normal
        return None, normal


class Codes(Totp):
    """Codes of an authenticator app, each good for once (RFC 6238 §5.2)."""

    def get_last_counter(self, user: UserMixin) -> int | None:
        return cast("User", user).tf_last_counter

    def set_last_counter(self, user: UserMixin, tmatch: Any) -> None:
        cast("User", user).tf_last_counter = tmatch.counter


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
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  the name of a hash
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_TOTP_SECRETS={1: hashlib.sha256(f"totp|{settings.secret_key}".encode()).hexdigest()},
        SECURITY_TOTP_ISSUER=settings.host,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    datastore = SQLAlchemyUserDatastore(db, User, None, Passkey)  # type: ignore[arg-type]
    with _confined(app):
        security = Security(app, datastore, register_blueprint=False, password_util_cls=Passwords, totp_cls=Codes)
        app.after_request(_stay)
    security.login_manager.user_loader(_load)
    security.login_manager.request_loader(None)  # no token in a header or an address signs anybody in
    user_authenticated.connect(_note_sign_in, app)


def organizers_page() -> bool:
    """Whether this request is one to which signing in means something."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def signed_in() -> User | None:
    """Whoever is signed in by this browser's cookie, unless that was ended, here or from another browser."""
    if not current_user.is_authenticated:
        return None
    user: User = current_user._get_current_object()  # noqa: SLF001  werkzeug's own way to the object behind a proxy
    return user


def let_in(user: User, *, via: str) -> None:
    """Sign somebody in who has proved who they are. Nothing of the cookie before stays but who is known here."""
    known = [mark for mark in session.get(KNOWN, []) if mark != mark_of(user.address_key)]
    known.append(mark_of(user.address_key))
    session.clear()
    session[KNOWN] = known[-MOST_KNOWN:]
    login_user(user, authn_via=[via])


def let_out() -> None:
    """Sign this browser out: the cookie is worth nothing any more, not even a copy of it."""
    public_id, known = session.get(SIGN_IN, ""), session.get(KNOWN, [])
    with transaction() as db_session:
        ended = update(SignIn).where(SignIn.public_id == public_id, SignIn.ended_at.is_(None))
        db_session.execute(ended.values(ended_at=now()))
    logout_user()
    session.clear()
    if known:
        session.permanent = True
        session[KNOWN] = known


def is_known(address_key: str) -> bool:
    """Whether this browser is one in which that person signed in before."""
    return mark_of(address_key) in session.get(KNOWN, [])


def mark_of(address_key: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, f"known|{address_key}".encode(), hashlib.sha256).hex()[:32]


def is_fresh() -> bool:
    """Whether the person proved who they are only just."""
    proved = float(session.get("fs_paa", 0))
    return time.time() - proved < FRESH_FOR.total_seconds()


def _load(uniquifier: str) -> User | None:
    """Whom a cookie names. ``uniquifier`` goes with the password: a new one makes all cookies before worthless."""
    row = db.session.scalar(
        select(SignIn)
        .join(SignIn.user)
        .where(SignIn.public_id == session.get(SIGN_IN, ""), SignIn.ended_at.is_(None))
        .where(User.fs_uniquifier == uniquifier, User.active)
        .options(contains_eager(SignIn.user))
    )
    if row is None or row.seen_at < now() - KEPT_SIGNED_IN:
        return None
    g.seen = Seen(row.public_id, row.seen_at)
    return row.user


def _stay(response: Response) -> Response:
    """Who works on stays signed in: every few minutes the cookie and its row begin their days anew."""
    seen: Seen | None = g.get("seen")
    if seen is None or SIGN_IN not in session or seen.seen_at > now() - SEEN_EVERY:
        return response
    with contextlib.suppress(*AWAY):  # the page is worth more
        with transaction() as db_session:
            mine = update(SignIn).where(SignIn.public_id == seen.public_id, SignIn.ended_at.is_(None))
            db_session.execute(mine.values(seen_at=now()))
        session.modified = True
    return response


def _note_sign_in(_app: Flask, user: User, **_: Any) -> None:
    """A new row for this browser; the cookie names it."""
    session.permanent = True
    session[SIGN_IN] = public_id = new_public_id()
    user_id, browser = user.id, browser_words(request.user_agent.string)
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
