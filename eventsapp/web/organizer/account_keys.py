"""What else one signs in with: codes of an app, recovery codes, passkeys. Whoever changes it proves who they are."""

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from eventsapp.actions import account as acting
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import Notice
from eventsapp.drawing.qr import qr_data
from eventsapp.models import Passkey, User
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import CheckedForm, Entry, Typed
from eventsapp.web.headers import SAFE_METHODS
from eventsapp.web.organizer import passkeys, proofs
from eventsapp.web.organizer.door import Desk, again
from eventsapp.web.organizer.pages import desk_page, say_done
from eventsapp.web.pages import now, settings

keys = Desk("keys", __name__)

SET_UP_WITHIN = 1800  # seconds
LONGEST_NAME = 64


class SetUpForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        hint = Words(_("The six digits that your app shows now."))
        super().__init__({"code": Entry(Words(_("Code")), hint=hint, autocomplete="one-time-code")})
        self.process(typed)


class PasskeyForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        hint = Words(_("So that you know it again, for example by the device."))
        super().__init__({"name": Entry(Words(_("Name of the passkey")), hint=hint)})
        self.process(typed)


@keys.own("/account/codes", methods=["GET", "POST"], fresh=True)
def codes(user: User) -> ResponseReturnValue:
    """The secret stands in the page alone, encrypted and signed, until its first code was right."""
    if request.method in SAFE_METHODS:
        return _show_set_up(user, SetUpForm(), proofs.security().totp_factory.generate_totp_secret())
    form = SetUpForm(request.form)
    try:
        owner, secret = _signer().loads(request.form.get("secret", ""), max_age=SET_UP_WITHIN)
    except (BadData, ValueError):
        owner, secret = None, ""
    if owner != user.fs_uniquifier:
        return again(url_for("organizer.keys.codes"))
    digits = "".join(sign for sign in form["code"].text if sign.isdigit())
    user_id, (shown, marks) = user.id, proofs.new_recovery_codes()
    with transaction() as session:
        mine = session.get_one(User, user_id)
        mine.tf_last_counter = None
        fits = proofs.security().totp_factory.verify_totp(digits, secret, mine, window=proofs.CLOCK_SKEW)
        if fits:
            acting.turn_on_codes(session, mine, secret, marks, now=now(), settings=settings())
    if not fits:
        form["code"].errors = [_("This code is wrong. Look at the app again: a code is good for half a minute.")]
        return _show_set_up(db.session.get_one(User, user_id), form, secret, 422)
    return _show_recovery_codes(shown, first=True)


@keys.own("/account/codes/off", methods=["POST"], fresh=True)
def codes_off(user: User) -> ResponseReturnValue:
    user_id = user.id
    with transaction() as session:
        acting.turn_off_codes(session, session.get_one(User, user_id), now=now(), settings=settings())
    say_done(_("Signing in with your password needs no code any more."))
    return again(url_for("organizer.account.index"))


@keys.own("/account/recovery-codes", methods=["POST"], fresh=True)
def recovery_codes(user: User) -> ResponseReturnValue:
    user_id, needed, (shown, marks) = user.id, passkeys.needs_second_step(user), proofs.new_recovery_codes()
    if not needed:
        return again(url_for("organizer.account.index"))
    with transaction() as session:
        mine = session.get_one(User, user_id)
        mine.mf_recovery_codes = marks
        acting.notify(session, mine, Notice.NEW_RECOVERY_CODES, now=now(), settings=settings())
    return _show_recovery_codes(shown)


@keys.own("/account/passkeys/add", methods=["GET", "POST"], fresh=True)
def add_passkey(user: User) -> ResponseReturnValue:
    if request.method in SAFE_METHODS:
        return _show_add(user, PasskeyForm())
    form = PasskeyForm(request.form)
    name = clean_line(form["name"].text, LONGEST_NAME) or _("Passkey")
    made = passkeys.read_new(request.form, user, name) if len(user.webauthn) < passkeys.MOST else None
    if made is None:
        form.refusal = _("The passkey was not made. Try again.")
        return _show_add(user, form, 422)
    user_id, handle = user.id, passkeys.handle_of(user)
    with transaction() as session:
        mine = session.get_one(User, user_id, with_for_update=True)
        known = session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id))
        if known is None:
            mine.fs_webauthn_user_handle = handle
            session.add(made)
            acting.notify(session, mine, Notice.PASSKEY_ADDED, now=now(), settings=settings())
    say_done(_("The passkey is added."))
    return again(url_for("organizer.account.index"))


@keys.own("/account/passkeys/<int:passkey>/remove", methods=["POST"], fresh=True)
def remove_passkey(user: User, passkey: int) -> ResponseReturnValue:
    user_id = user.id
    with transaction() as session:
        mine = session.scalar(select(Passkey).where(Passkey.id == passkey, Passkey.user_id == user_id))
        if mine is None:
            raise NotFound("There is no such page.")
        session.delete(mine)
        owner = session.get_one(User, user_id)
        acting.notify(session, owner, Notice.PASSKEY_REMOVED, now=now(), settings=settings())
    say_done(_("The passkey is removed."))
    return again(url_for("organizer.account.index"))


def _show_set_up(user: User, form: CheckedForm, secret: str, status: int = 200) -> ResponseReturnValue:
    factory = proofs.security().totp_factory
    return desk_page(
        "organizer/account/codes.html",
        status=status,
        form=form,
        picture=qr_data(factory.get_totp_uri(user.email, secret)),
        key=factory.get_totp_pretty_key(secret),
        secret=_signer().dumps([user.fs_uniquifier, secret]),
    )


def _show_recovery_codes(shown: list[str], *, first: bool = False) -> ResponseReturnValue:
    return desk_page("organizer/account/recovery_codes.html", codes=shown, first=first)


def _show_add(user: User, form: CheckedForm, status: int = 200) -> ResponseReturnValue:
    return desk_page("organizer/account/passkey.html", status=status, form=form, asked=passkeys.options_to_add(user))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="codes")
