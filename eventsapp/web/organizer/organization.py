"""The organization: what it is called, what its pages and letters start from, how long it keeps people's data."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import g, request
from flask.typing import ResponseReturnValue

from eventsapp.actions.audit import Action
from eventsapp.actions.organization import change_organization
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.colour import accent_steps
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.models import Organization
from eventsapp.queries.retention import outlived_under
from eventsapp.queries.trail import trail
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.trail import lines_of
from eventsapp.web.pages import now

desk = Desk("organization", __name__)

LONGEST_KEPT = 36_500  # days
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


class OrganizationForm(DeskForm):
    def __init__(self, organization: Organization, typed: Typed | None = None) -> None:
        tag = g.reading.tag
        tags = list(dict.fromkeys([*INTERFACE_LANGUAGES, organization.default_language_tag]))
        options = [Option(one, Words(own_name(one), one, direction(one))) for one in tags]
        super().__init__(
            {
                "name": Entry(Words(_("Name")), check=_read_name),
                "sender_name": Entry(
                    Words(_("Sender of letters")),
                    hint=Words(_("What people see as the sender. Left empty, it is the name.")),
                    optional=True,
                    check=clean_line,
                ),
                "contact": Entry(
                    Words(_("E-mail address for questions")),
                    "email",
                    hint=Words(_("Answers to our letters go there, and our pages show it.")),
                    optional=True,
                    check=lambda text: read_address(text).email if text.strip() else "",
                ),
                "default_tzid": Entry(
                    Words(_("City or time zone")),
                    hint=Words(_("New events start from it.")),
                    check=lambda text: tzid_from_text(text, tag),
                ),
                "default_language_tag": Entry(Words(_("Main language")), "select", options=options, check=str),
                "accent": Entry(
                    Words(_("Colour")),
                    hint=Words(_("Like #0b6b5c. Where text would be hard to read, we make it darker or lighter.")),
                    optional=True,
                    check=_read_colour,
                ),
                "privacy_url": Entry(
                    Words(_("Web address of your privacy notice")), "url", optional=True, check=_read_web_address
                ),
                "imprint_url": Entry(
                    Words(_("Web address of your imprint")), "url", optional=True, check=_read_web_address
                ),
            }
        )
        data = {field.name: getattr(organization, field.name) for field in self}
        self.process(typed, data=data | {"default_tzid": zone_text(organization.default_tzid, tag)})
        self._tags = tags

    def values(self) -> dict[str, Any] | None:
        """None: something is wrong, and then ``mistakes`` says what."""
        for field in self:
            field.read()
        if self["default_language_tag"].text not in self._tags:
            self["default_language_tag"].blame(Invalid(N_("Choose a language.")))
        return None if self.mistakes else {field.name: field.value for field in self}


class RetentionForm(DeskForm):
    def __init__(self, days: int | None, typed: Typed | None = None) -> None:
        super().__init__(
            {
                "days": Entry(
                    Words(_("Days after the last date of an event")),
                    "number",
                    hint=Words(_("Left empty, people’s data are kept until somebody deletes them.")),
                    optional=True,
                    check=_read_days,
                ),
                "sure": Entry(Words(_("Yes, delete them")), "consent"),
            }
        )
        self.process(typed, data={"days": "" if days is None else str(days)})


@desk.view("/organization", needs=Right.OWN, methods=["GET", "POST"])
def index(access: Access) -> ResponseReturnValue:
    organization = access.organization
    if request.method == "GET":
        return _page(access, OrganizationForm(organization))
    form = OrganizationForm(organization, request.form)
    values = form.values()
    if values is None:
        return _page(access, form, 422)
    with transaction() as session:
        change_organization(session, organization.id, values, user=access.user, now=now())
    say_done(_("Saved."))
    return again(at("organization.index"))


@desk.view("/organization/retention", needs=Right.OWN, methods=["GET", "POST"], fresh=True)
def retention(access: Access) -> ResponseReturnValue:
    """How long people's data are kept. Whose time would be over at once is counted and asked about first."""
    organization = access.organization
    if request.method == "GET":
        return desk_page(
            "organizer/organization/retention.html", form=RetentionForm(organization.retention_days), number=0
        )
    form = RetentionForm(None, request.form)
    form["days"].read()
    if form.mistakes:
        return desk_page("organizer/organization/retention.html", status=422, form=form, number=0)
    days: int | None = form["days"].value
    number = outlived_under(db.session(), organization.id, days, now=now())
    if number and not form["sure"].text:
        return desk_page("organizer/organization/retention.html", status=422, form=form, number=number)
    with transaction() as session:
        change_organization(session, organization.id, {"retention_days": days}, user=access.user, now=now())
    say_done(_("Saved."))
    return again(at("organization.index"))


def _page(access: Access, form: OrganizationForm, status: int = 200) -> ResponseReturnValue:
    erased = trail(db.session(), access.organization.id, actions=(Action.OUTLIVED_ERASED, Action.PERSON_ERASED))
    accent = form["accent"].text
    return desk_page(
        "organizer/organization/index.html",
        status=status,
        form=form,
        organization=access.organization,
        erased=lines_of(erased.entries[:10], access.user),
        colours=accent_steps(accent if _COLOUR.fullmatch(accent.strip()) else access.organization.accent),
    )


def _read_name(text: str) -> str:
    name = clean_line(text)
    if not name:
        raise Invalid(N_("Enter the name of the organization."))
    return name


def _read_colour(text: str) -> str:
    if not text.strip():
        return ""
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        raise Invalid(N_("Enter a colour as six digits or letters from a to f, like #0b6b5c."))
    return f"#{found[1].lower()}"


def _read_web_address(text: str) -> str:
    text = clean_line(text, 1000)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("https", "http") and "." in (parts.hostname or "") and not set(text) & set(' "<>\\@')
    except ValueError:
        good = False
    if not good:
        raise Invalid(N_("Enter a web address that begins with https://, like https://example.org/privacy."))
    return text


def _read_days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= LONGEST_KEPT):  # noqa: PLR2004
        raise Invalid(N_("Enter a number of days from 1 to %(most)s."), most=LONGEST_KEPT)
    return int(text)
