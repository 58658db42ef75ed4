"""An organization's team: who is in it and may do what, who is invited, and leaving it."""

from collections.abc import Sequence

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from eventsapp.actions import team as acting
from eventsapp.actions.team import Scope
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import Role
from eventsapp.domain.wording import in_language
from eventsapp.models import Event, Membership
from eventsapp.queries.team import events_to_choose, invitation_of, invitations_of, member_of, members_of
from eventsapp.translations import INTERFACE_LANGUAGES, pgettext, say
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.errors import status_of
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, event_title, say_done
from eventsapp.web.pages import now, settings

team = Desk("team", __name__)

ALL, SOME = "all", "some"


class ScopeForm(DeskForm):
    """What somebody may do: a role, and in which events."""

    def __init__(self, events: Sequence[Event], typed: Typed | None = None, *, scope: Scope | None = None) -> None:
        self._events = {event.slug: event for event in events}
        super().__init__(self._asked())
        usual = scope or Scope(Role.MANAGER)
        data = {
            "role": usual.role.value,
            "limited": SOME if usual.limited else ALL,
            "events": [event.slug for event in usual.events],
        }
        self.process(typed, data=data)

    def _asked(self) -> dict[str, Entry]:
        roles = [Option(role.value, Words(f"{role_name(role)}: {role_words(role)}")) for role in Role]
        where = [Option(ALL, Words(_("All events"))), Option(SOME, Words(_("Only the events chosen below")))]
        names = [Option(slug, Words(event_title(event))) for slug, event in self._events.items()]
        return {
            "role": Entry(Words(_("Role")), "radio", options=roles),
            "limited": Entry(Words(_("Where")), "radio", options=where),
            "events": Entry(Words(_("Events")), "checkbox", options=names, optional=True),
        }

    def scope(self) -> Scope | None:
        """None: something is wrong, and then ``mistakes`` says what."""
        if self["role"].text not in set(Role):
            self["role"].blame(Invalid(N_("Choose a role.")))
            return None
        chosen = tuple(self._events[slug] for slug in self["events"].data if slug in self._events)
        limited = self["limited"].text == SOME
        if limited and not chosen:
            self["events"].blame(Invalid(N_("Choose at least one event.")))
            return None
        try:
            return Scope(Role(self["role"].text), limited, chosen if limited else ())
        except Invalid as error:
            self.blame(error)
            return None


class InvitationForm(ScopeForm):
    def __init__(self, events: Sequence[Event], typed: Typed | None = None, *, language_tag: str) -> None:
        self._usual_tag = language_tag
        super().__init__(events, typed)
        if typed is None:
            self["language"].process_data(language_tag)

    def _asked(self) -> dict[str, Entry]:
        tags = [Option(tag, Words(own_name(tag), tag, direction(tag))) for tag in INTERFACE_LANGUAGES]
        return {
            "email": Entry(Words(_("E-mail address")), "email", check=read_address),
            "language": Entry(Words(_("Language of the letter")), "select", options=tags),
        } | super()._asked()

    @property
    def language_tag(self) -> str:
        chosen = self["language"].text
        return chosen if chosen in INTERFACE_LANGUAGES else self._usual_tag

    def address(self) -> Address | None:
        self["email"].read()
        found: Address | None = self["email"].value
        return found


@team.view("/team", needs=Right.OWN)
def index(access: Access) -> ResponseReturnValue:
    session, organization_id = db.session(), access.organization.id
    return desk_page(
        "organizer/team/index.html",
        members=members_of(session, organization_id),
        invitations=invitations_of(session, organization_id),
        role_name=role_name,
        at_present=now(),
        day_words=lambda seen: in_language(local(seen, access.user.tzid).date(), g.reading.tag),
    )


@team.view("/team/invite", needs=Right.OWN, methods=["GET", "POST"], fresh=True)
def invite(access: Access) -> ResponseReturnValue:
    events = events_to_choose(db.session(), access.organization.id)
    if request.method == "GET":
        form = InvitationForm(events, language_tag=access.organization.default_language_tag)
        return desk_page("organizer/team/invite.html", form=form)
    form = InvitationForm(events, request.form, language_tag=access.organization.default_language_tag)
    address, scope = form.address(), form.scope()
    if address is None or scope is None:
        return desk_page("organizer/team/invite.html", status=422, form=form)
    try:
        with transaction() as session:
            acting.invite(
                session,
                access.organization,
                address,
                scope,
                language_tag=form.language_tag,
                user=access.user,
                now=now(),
                settings=settings(),
            )
    except DomainError as error:
        form.blame(error)
        return desk_page("organizer/team/invite.html", status=status_of(error), form=form)
    say_done(_("The invitation is on its way to %(address)s.", address=address.email))
    return again(at("team.index"))


@team.view("/team/invitations/<invitation>/withdraw", needs=Right.OWN, methods=["POST"], fresh=True)
def withdraw(access: Access, invitation: str) -> ResponseReturnValue:
    with transaction() as session:
        found = invitation_of(session, access.organization.id, invitation)
        acting.withdraw(session, found, user=access.user, now=now())
    say_done(_("The invitation is withdrawn. Its link no longer works."))
    return again(at("team.index"))


@team.view("/team/<int:member>", needs=Right.OWN, methods=["GET", "POST"], fresh=True)
def member(access: Access, member: int) -> ResponseReturnValue:
    found = member_of(db.session(), access.organization.id, member)
    events = events_to_choose(db.session(), access.organization.id)
    if request.method == "GET":
        return _member_page(found, ScopeForm(events, scope=_scope_of(found)))
    form = ScopeForm(events, request.form)
    scope = form.scope()
    if scope is None:
        return _member_page(found, form, 422)
    try:
        with transaction() as session:
            acting.change_member(session, access.organization.id, member, scope, user=access.user, now=now())
    except DomainError as error:
        form.blame(error)
        return _member_page(found, form, status_of(error))
    say_done(_("Saved."))
    return again(at("team.index") if access.may(Right.OWN) else url_for("organizer.front.home"))


@team.view("/team/<int:member>/remove", needs=Right.OWN, methods=["POST"], fresh=True)
def remove(access: Access, member: int) -> ResponseReturnValue:
    found = member_of(db.session(), access.organization.id, member)
    try:
        with transaction() as session:
            acting.remove_member(session, access.organization.id, member, user=access.user, now=now())
    except DomainError as error:
        form = ScopeForm(events_to_choose(db.session(), access.organization.id), scope=_scope_of(found))
        form.blame(error)
        return _member_page(found, form, status_of(error))
    say_done(_("Removed from the team."))
    return again(at("team.index"))


@team.view("/leave", needs=Right.SEE, methods=["GET", "POST"])
def leave(access: Access) -> ResponseReturnValue:
    """What every member may: go."""
    if request.method == "GET":
        return desk_page("organizer/team/leave.html", refusal="")
    try:
        with transaction() as session:
            acting.remove_member(session, access.organization.id, access.membership.id, user=access.user, now=now())
    except DomainError as error:
        return desk_page("organizer/team/leave.html", status=status_of(error), refusal=say(error))
    say_done(_("You have left the team."))
    return again(url_for("organizer.front.home"))


def role_name(role: Role) -> str:
    return {
        Role.OWNER: pgettext("role", "Owner"),
        Role.MANAGER: pgettext("role", "Manager"),
        Role.ASSISTANT: pgettext("role", "Assistant"),
    }[role]


def role_words(role: Role) -> str:
    return {
        Role.OWNER: _("everything, also the team, the organization and its history"),
        Role.MANAGER: _("everything about events and the people who register"),
        Role.ASSISTANT: _("sees events and who comes, and checks people in"),
    }[role]


def _scope_of(membership: Membership) -> Scope:
    return Scope(membership.role, membership.limited, tuple(membership.events))


def _member_page(membership: Membership, form: ScopeForm, status: int = 200) -> ResponseReturnValue:
    return desk_page("organizer/team/member.html", status=status, membership=membership, form=form)
