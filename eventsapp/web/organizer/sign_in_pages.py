"""Signing in and out, and a new password by letter. What these pages say, they say to everybody.

Where a mistake would tell that an address has an account, it tells nothing: same words, status and, nearly, time.
"""

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from eventsapp.actions import account as acting
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import Invalid
from eventsapp.models import User
from eventsapp.queries.accounts import user_by_address, user_by_link, user_by_uniquifier
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import CheckedForm, Entry, Typed
from eventsapp.web.headers import SAFE_METHODS, keep_private
from eventsapp.web.limits import per_network
from eventsapp.web.organizer import passkeys, proofs
from eventsapp.web.organizer.door import again, sign_in_first
from eventsapp.web.organizer.next_page import next_page
from eventsapp.web.organizer.pages import asked_language, desk_page, say_done, speak_to
from eventsapp.web.organizer.signing_in import PREFIX, let_in, let_out, signed_in
from eventsapp.web.pages import now, settings

security = Blueprint("security", __name__, url_prefix=PREFIX)

HALF = "half"  # in the cookie: whose password was right, when; a second step is missing
HALF_WITHIN = 600  # seconds
LANGUAGE = "language"  # in the cookie of whom we do not know yet
TOO_MANY = 429
_SHOWN_BY = {  # the page that a form stands on, where another view answers the form
    "security.check": "security.login",
    "security.passkey": "security.login",
    "security.check_second_step": "security.second_step",
}


class SignInForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__({"email": email_entry(), "password": password_entry()})
        self.process(typed)

    def address_key(self) -> str:
        """An empty text where it is no address."""
        return address_key_of(self["email"].text)


class AddressForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__({"email": email_entry()})
        self.process(typed)


class CodeForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        hint = Words(_("Six digits from your app, or one of your recovery codes."))
        super().__init__({"code": Entry(Words(_("Code")), hint=hint, autocomplete="one-time-code")})
        self.process(typed)


class PasswordForm(CheckedForm):
    """To prove again who one is."""

    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__({"password": password_entry()})
        self.process(typed)


class NewPasswordForm(CheckedForm):
    def __init__(self, typed: Typed | None = None, *, email: str, old: bool = False) -> None:
        self._email = email
        fields = {"old": password_entry(_("Your password now"))} if old else {}
        hint = Words(_("Several words that nobody guesses are good. Write at least 10 characters."))
        new = Entry(
            Words(_("New password")), "password", hint=hint, autocomplete="new-password", check=self._good_enough
        )
        super().__init__(fields | {"password": new})
        self.process(typed)

    def _good_enough(self, text: str) -> str:
        wrong, normal = proofs.security().password_util.validate(text, is_register=True, email=self._email)
        if wrong:
            raise Invalid(wrong[0].replace("%", "%%"), key="password")
        return str(normal)


def email_entry() -> Entry:
    return Entry(Words(_("E-mail address")), "email", autocomplete="username webauthn")


def password_entry(label: str = "") -> Entry:
    return Entry(Words(label or _("Password")), "password", autocomplete="current-password")


def address_key_of(text: str) -> str:
    try:
        return read_address(text).key
    except Invalid:
        return ""


@security.before_request
def speak() -> None:
    """Before we know whose account it is: as ``?lang=`` says, here and on the pages after, or the browser."""
    if asked := asked_language():
        session[LANGUAGE] = asked
    user = signed_in()
    tag = session.get(LANGUAGE) if user is None else None
    if user is not None:
        speak_to(user)
    elif tag in INTERFACE_LANGUAGES:
        speak_to(User(language_tag=tag))


@security.get("/sign-in", endpoint="login")
def ask_who() -> ResponseReturnValue:
    if signed_in() is not None:
        return again(next_page())
    return _show_sign_in(SignInForm())


@security.post("/sign-in", endpoint="check")
@per_network
def check_who() -> ResponseReturnValue:
    form = SignInForm(request.form)
    if refused := _without_token(form, _show_sign_in):
        return refused
    key = form.address_key()
    if not proofs.may_try(key or form["email"].text, "password"):
        form.refusal = _("Too many tries. Wait a quarter of an hour, or choose a new password by letter.")
        return _show_sign_in(form, TOO_MANY)
    user = user_by_address(db.session(), key)
    if not proofs.password_fits(user, form["password"].text) or user is None:
        form.refusal = _("E-mail address or password is wrong.")
        return _show_sign_in(form, 422)
    return go_on(user)


@security.post("/sign-in/passkey")
@per_network
def passkey() -> ResponseReturnValue:
    form = SignInForm()
    if refused := _without_token(form, _show_sign_in):
        return refused
    user = passkeys.signs_in(request.form, passkeys.FIRST)
    if user is None:
        form.refusal = _("The passkey did not work. Try again, or sign in with your password.")
        return _show_sign_in(form, 422)
    let_in(user, via="webauthn")
    return again(next_page())


def go_on(user: User) -> ResponseReturnValue:
    """The password was right: in, or on to the second step."""
    if not passkeys.needs_second_step(user):
        let_in(user, via="password")
        return again(next_page())
    session[HALF] = [user.fs_uniquifier, time.time()]
    return again(url_for("security.second_step", next=request.values.get("next")))


@security.get("/sign-in/second-step")
def second_step() -> ResponseReturnValue:
    user = _half_in()
    return again(url_for("security.login")) if user is None else _show_second_step(CodeForm(), user=user)


@security.post("/sign-in/second-step", endpoint="check_second_step")
@per_network
def check_second_step() -> ResponseReturnValue:
    user = _half_in()
    if user is None:
        return again(url_for("security.login"))
    form = CodeForm(request.form)
    if refused := _without_token(form, _show_second_step, user=user):
        return refused
    user_id, key = user.id, user.address_key
    if request.form.get("credential"):
        found = passkeys.signs_in(request.form, passkeys.SECOND, only=user)
        fits = found is not None
        wrong = _("The passkey did not work. Try again, or write a code.")
    else:
        if not proofs.may_try(key, "code"):
            form.refusal = _("Too many tries. Wait a quarter of an hour.")
            return _show_second_step(form, TOO_MANY, user=user)
        fits = proofs.code_fits(user_id, form["code"].text.strip())
        wrong = _("This code is wrong, or was used already.")
    user = db.session.get_one(User, user_id)
    if not fits:
        form.refusal = wrong
        return _show_second_step(form, 422, user=user)
    let_in(user, via="code")
    return again(next_page())


@security.post("/sign-out")
def logout() -> ResponseReturnValue:
    """Without a token: somebody else's page could sign people out by it, and is kept from it by ``headers``."""
    let_out()
    return again(url_for("security.login"))


@security.route("/verify", methods=["GET", "POST"])
@per_network
def verify() -> ResponseReturnValue:
    """Before what matters most, people prove again that it is they."""
    user = signed_in()
    if user is None:
        return sign_in_first()
    form = PasswordForm(request.form if request.method == "POST" else None)
    if request.method in SAFE_METHODS:
        return _show_verify(form, user=user)
    if refused := _without_token(form, _show_verify, user=user):
        return refused
    if request.form.get("credential"):
        fits = passkeys.signs_in(request.form, passkeys.SECOND, only=user) is not None
        wrong = _("The passkey did not work.")
    elif not proofs.may_try(user.address_key, "verify"):
        form.refusal = _("Too many tries. Wait a quarter of an hour.")
        return _show_verify(form, TOO_MANY, user=user)
    else:
        fits, wrong = proofs.password_fits(user, form["password"].text), _("The password is wrong.")
    if not fits:
        form.refusal = wrong
        return _show_verify(form, 422, user=user)
    session["fs_paa"] = time.time()
    return again(next_page())


@security.route("/forgotten", methods=["GET", "POST"])
@per_network
def forgot_password() -> ResponseReturnValue:
    form = AddressForm(request.form if request.method == "POST" else None)
    if request.method in SAFE_METHODS:
        return _show_forgotten(form)
    if refused := _without_token(form, _show_forgotten):
        return refused
    form["email"].read()
    try:
        address = read_address(form["email"].text)
    except Invalid as error:
        form["email"].blame(error)
        return _show_forgotten(form, 422)
    proofs.password_fits(None, "")  # so that the letter's few milliseconds drown in it
    with transaction() as db_session:
        user = user_by_address(db_session, address.key)
        if user is not None:
            acting.ask_for_reset(db_session, user, now=now(), settings=settings())
    return desk_page("security/letter_sent.html", email=address.email, languages=_languages())


@security.route("/new-password/<token>", methods=["GET", "POST"])
@per_network
def reset_password(token: str) -> ResponseReturnValue:
    user = user_by_link(db.session(), token, now=now(), settings=settings())
    if user is None:
        return desk_page("security/link_gone.html", status=404, languages=_languages())
    if LANGUAGE not in session:
        speak_to(user)
    form = NewPasswordForm(request.form if request.method == "POST" else None, email=user.email)
    if request.method in SAFE_METHODS:
        return _show_reset(form, user=user)
    if refused := _without_token(form, _show_reset, user=user):
        return refused
    form["password"].read()
    if form.mistakes:
        return _show_reset(form, 422, user=user)
    hashed = hash_password(form["password"].value)
    with transaction() as db_session:
        user = user_by_link(db_session, token, now=now(), settings=settings())  # perhaps it was used meanwhile
        if user is not None:
            acting.set_password(db_session, user, hashed, now=now(), settings=settings())
    if user is None:
        return desk_page("security/link_gone.html", status=404, languages=_languages())
    say_done(_("Your new password is kept. Sign in with it."))
    return again(url_for("security.login"))


def _half_in() -> User | None:
    """Whose password was right in this browser only just."""
    uniquifier, at = session.get(HALF) or ("", 0.0)
    if not uniquifier or time.time() - at > HALF_WITHIN:
        return None
    return user_by_uniquifier(db.session(), uniquifier)


def _without_token(form: CheckedForm, show: Any, **context: Any) -> ResponseReturnValue | None:
    """The page again, where its form was open since before the cookie."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        form.refusal = _("This page was open for a long time. Send the form again.")
        shown: ResponseReturnValue = show(form, 400, **context)
        return shown
    return None


def _show_sign_in(form: CheckedForm, status: int = 200) -> ResponseReturnValue:
    return _page("security/sign_in.html", form, status, options=passkeys.options_for(passkeys.FIRST))


def _show_second_step(form: CheckedForm, status: int = 200, *, user: User) -> ResponseReturnValue:
    options = passkeys.options_for(passkeys.SECOND, user) if user.webauthn else None
    return _page("security/second_step.html", form, status, options=options, codes=bool(user.tf_totp_secret))


def _show_verify(form: CheckedForm, status: int = 200, *, user: User) -> ResponseReturnValue:
    options = passkeys.options_for(passkeys.SECOND, user) if user.webauthn else None
    return _page("security/verify.html", form, status, options=options, has_password=bool(user.password))


def _show_forgotten(form: CheckedForm, status: int = 200) -> ResponseReturnValue:
    return _page("security/forgotten.html", form, status)


def _show_reset(form: CheckedForm, status: int = 200, *, user: User) -> ResponseReturnValue:
    return _page("security/new_password.html", form, status, email=user.email)


def _page(template: str, form: CheckedForm, status: int, **context: Any) -> ResponseReturnValue:
    page = desk_page(
        template, status=status, form=form, next=request.values.get("next") or None, languages=_languages(), **context
    )
    return keep_private(page)


def _languages() -> Mapping[str, str]:
    """Each language of the interface, and this page in it. What answers a form is asked for anew."""
    shown = request.endpoint or ""
    values: dict[str, Any] = dict(request.view_args or {})
    if request.values.get("next"):
        values["next"] = request.values["next"]
    return {tag: url_for(_SHOWN_BY.get(shown, shown), **values, lang=tag) for tag in INTERFACE_LANGUAGES}
