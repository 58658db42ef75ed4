"""One's own account: name, language and city, the password, and in which browsers one is signed in."""

from datetime import datetime

from flask import g, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password
from sqlalchemy import select

from eventsapp.actions import account as acting
from eventsapp.db import db, transaction
from eventsapp.domain.applicant import read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import NotFound
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.timezones import local
from eventsapp.domain.wording import in_language
from eventsapp.models import SignIn, User
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import CheckedForm, Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.headers import SAFE_METHODS
from eventsapp.web.organizer import proofs
from eventsapp.web.organizer.door import Desk, again
from eventsapp.web.organizer.pages import desk_page, say_done, speak_to
from eventsapp.web.organizer.sign_in_pages import NewPasswordForm
from eventsapp.web.organizer.signing_in import KEPT_SIGNED_IN, SIGN_IN, is_fresh, let_in
from eventsapp.web.pages import now, settings

account = Desk("account", __name__)


class DetailsForm(CheckedForm):
    def __init__(self, user: User, typed: Typed | None = None) -> None:
        tag = user.language_tag
        tags = [Option(one, Words(own_name(one), one, direction(one))) for one in INTERFACE_LANGUAGES]
        super().__init__(
            {
                "name": Entry(Words(_("Your name")), autocomplete="name", check=read_name),
                "language": Entry(Words(_("Language of these pages and of letters to you")), "select", options=tags),
                "time_zone": Entry(
                    Words(_("Your city or time zone")),
                    hint=Words(_("Times are shown as they are there, too.")),
                    check=lambda text: tzid_from_text(text, tag),
                ),
            }
        )
        usual = {"name": user.name, "language": tag, "time_zone": zone_text(user.tzid, tag)}
        self.process(typed, data=usual)

    def read(self) -> bool:
        for field in self:
            field.read()
        return not self.mistakes


@account.own("/account")
def index(user: User) -> ResponseReturnValue:
    return _show(user, DetailsForm(user))


@account.own("/account", methods=["POST"])
def save_details(user: User) -> ResponseReturnValue:
    form, user_id = DetailsForm(user, request.form), user.id
    if not form.read():
        return _show(user, form, 422)
    language = form["language"].text
    with transaction() as db_session:
        kept = db_session.get_one(User, user_id)
        kept.name, kept.tzid = form["name"].value, form["time_zone"].value
        kept.language_tag = language if language in INTERFACE_LANGUAGES else kept.language_tag
    speak_to(kept)
    say_done(_("Your account is saved."))
    return again(url_for("organizer.account.index"))


@account.own("/account/password", methods=["GET", "POST"])
def password(user: User) -> ResponseReturnValue:
    """Whoever has a password gives it; whoever has none proved themselves only just."""
    if not user.password and not is_fresh():
        return again(url_for("security.verify", next=url_for("organizer.account.password")))
    typed = None if request.method in SAFE_METHODS else request.form
    form = NewPasswordForm(typed, email=user.email, old=bool(user.password))
    if typed is None:
        return desk_page("organizer/account/password.html", form=form, user=user)
    form["password"].read()
    status = 422
    if user.password and not proofs.may_try(user.address_key, "verify"):
        form.refusal, status = _("Too many tries. Wait a quarter of an hour."), 429
    elif user.password and not proofs.password_fits(user, form["old"].text):
        form["old"].errors = [_("The password is wrong.")]
    if form.mistakes:
        return desk_page("organizer/account/password.html", status=status, form=form, user=user)
    hashed, user_id = hash_password(form["password"].value), user.id
    with transaction() as db_session:
        acting.set_password(db_session, db_session.get_one(User, user_id), hashed, now=now(), settings=settings())
    let_in(db.session.get_one(User, user_id), via="change")
    say_done(_("Your new password is kept. Every other browser is signed out."))
    return again(url_for("organizer.account.index"))


@account.own("/account/sign-ins/<sign_in>/end", methods=["POST"])
def end_one(user: User, sign_in: str) -> ResponseReturnValue:
    mine = select(SignIn.id).where(SignIn.public_id == sign_in, SignIn.user_id == user.id)
    if db.session.scalar(mine) is None:
        raise NotFound("There is no such page.")
    with transaction() as db_session:
        acting.end_sign_ins(db_session, user, only=sign_in, now=now())
    say_done(_("That browser is signed out."))
    return again(url_for("organizer.account.index"))


@account.own("/account/sign-ins/end-others", methods=["POST"])
def end_others(user: User) -> ResponseReturnValue:
    with transaction() as db_session:
        acting.end_sign_ins(db_session, user, but=session[SIGN_IN], now=now())
    say_done(_("All other browsers are signed out."))
    return again(url_for("organizer.account.index"))


def _show(user: User, form: DetailsForm, status: int = 200) -> ResponseReturnValue:
    def when(at: datetime) -> str:
        return str(in_language(local(at, user.tzid).replace(tzinfo=None), g.reading.tag))

    signed_in = db.session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.seen_at > now() - KEPT_SIGNED_IN)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    ).all()
    return desk_page(
        "organizer/account/index.html",
        status=status,
        user=user,
        form=form,
        when=when,
        sign_ins=signed_in,
        here=session[SIGN_IN],
        codes_left=len(user.mf_recovery_codes or ()),
    )
