"""What a letter's link opens: who invites its reader to which team. New people choose a password here.

Only the invited address joins. A link that is used, withdrawn or too late opens the same page as a wrong one.
"""

import secrets

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password, login_user
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from eventsapp.actions import team as acting
from eventsapp.db import db, transaction
from eventsapp.domain.applicant import read_name
from eventsapp.domain.errors import Invalid, NotFound
from eventsapp.domain.vocabulary import Role
from eventsapp.models import Invitation, User
from eventsapp.queries.team import invitation_by_token, user_of_address
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import CheckedForm, Entry, Typed
from eventsapp.web.limits import per_network
from eventsapp.web.organizer.door import again
from eventsapp.web.organizer.pages import desk_page, say_done, speak_to
from eventsapp.web.organizer.signing_in import signed_in
from eventsapp.web.organizer.team import role_name, role_words
from eventsapp.web.pages import now, settings

invitation = Blueprint("invitation", __name__)

LONGEST_PASSWORD = 500


class NewAccountForm(CheckedForm):
    def __init__(self, typed: Typed | None = None, *, email: str) -> None:
        self._email = email
        super().__init__(
            {
                "name": Entry(Words(_("Your name")), autocomplete="name", check=read_name),
                "password": Entry(
                    Words(_("Password")),
                    "password",
                    hint=Words(_("Several words that nobody guesses are good. Write at least 10 characters.")),
                    autocomplete="new-password",
                    check=self._password,
                ),
            }
        )
        self.process(typed)

    def _password(self, text: str) -> str:
        """As it will be compared. The rules are those of every page that sets a password."""
        checker = current_app.extensions["security"].password_util
        wrong, normal = checker.validate(text[:LONGEST_PASSWORD], True, email=self._email)
        if wrong:
            raise Invalid(str(wrong[0]).replace("%", "%%"), key="password")
        return str(normal)

    def read(self) -> bool:
        for field in self:
            field.read()
        return not self.mistakes


@invitation.route("/invitation/<token>", methods=["GET"])
def read(token: str) -> ResponseReturnValue:
    found = _opened(token)
    return _gone() if found is None else _show(token, found)


@invitation.route("/invitation/<token>", methods=["POST"])
@per_network
def accept(token: str) -> ResponseReturnValue:
    found = _opened(token)
    if found is None:
        return _gone()
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        kept = [(name, value) for name, value in request.form.items() if name == "name"]
        return desk_page("organizer/resend.html", status=400, signed_out=False, kept=kept)
    user = signed_in()
    if user is not None:
        return _join(found, user.id)
    if user_of_address(db.session(), found.address_key) is not None:
        return again(url_for("security.login", next=request.path))
    form = NewAccountForm(request.form, email=found.email)
    if not form.read():
        return _show(token, found, form, 422)
    return _begin(found, form["name"].value, form["password"].value)


def _opened(token: str) -> Invitation | None:
    found = invitation_by_token(db.session(), token, now=now(), settings=settings())
    user = signed_in()
    if user is not None:
        speak_to(user)
    elif found is not None:
        speak_to(User(language_tag=found.language_tag))
    return found


def _gone() -> ResponseReturnValue:
    return desk_page("organizer/team/gone.html", status=404)


def _show(token: str, found: Invitation, form: NewAccountForm | None = None, status: int = 200) -> ResponseReturnValue:
    session, user = db.session(), signed_in()
    return desk_page(
        "organizer/team/invitation.html",
        status=status,
        token=token,
        invitation=found,
        user=user,
        theirs=user is not None and user.address_key == found.address_key,
        known=user_of_address(session, found.address_key) is not None,
        form=form or NewAccountForm(email=found.email),
        role=role_name(Role(found.role)),
        role_words=role_words(Role(found.role)),
    )


def _join(found: Invitation, user_id: int) -> ResponseReturnValue:
    public_id, organization = found.public_id, found.organization
    slug, name = organization.slug, organization.name
    try:
        with transaction() as session:
            acting.accept(session, public_id, session.get_one(User, user_id), now=now())
    except NotFound:
        return _gone()
    say_done(_("Welcome to the team of %(organization)s.", organization=name))
    return again(url_for("organizer.events.index", organization=slug))


def _begin(found: Invitation, name: str, password: str) -> ResponseReturnValue:
    """An account for whoever reads the invited address, and they are in. The hash takes its time before any lock."""
    hashed, organization = hash_password(password), found.organization
    columns = {
        "email": found.email,
        "address_key": found.address_key,
        "name": name,
        "language_tag": found.language_tag,
        "tzid": organization.default_tzid,
        "password": hashed,
        "fs_uniquifier": secrets.token_hex(32),
        "created_at": now(),
    }
    public_id, slug, title = found.public_id, organization.slug, organization.name
    try:
        with transaction() as session:
            user = User(**columns)
            session.add(user)
            session.flush()
            acting.accept(session, public_id, user, now=now())
    except NotFound:
        return _gone()
    login_user(user, authn_via=["password"])
    say_done(_("Welcome to the team of %(organization)s.", organization=title))
    return again(url_for("organizer.events.index", organization=slug))
