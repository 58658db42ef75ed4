"""The organizer's door: who is signed in, what they may, and which organization and event a page is about.

Every page of an organization is made by ``Desk.view``, which says the right it needs. An organization or event that is
not the member's own answers exactly as one that never existed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import validate_csrf
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse
from wtforms import ValidationError

from eventsapp.db import db
from eventsapp.domain.errors import NotFound
from eventsapp.domain.rights import Right, allows
from eventsapp.models import Event, Membership, Organization, User, limited_to
from eventsapp.web.headers import SAFE_METHODS
from eventsapp.web.organizer.pages import desk_page, speak_to
from eventsapp.web.organizer.signing_in import is_fresh, signed_in

View = Callable[..., ResponseReturnValue]

PREFIX = "/o/<organization>"
RESENT = "csrf_token"  # the one field that a form sent again brings anew


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody at work for an organization, and the event that the address names, if it names one."""

    user: User
    membership: Membership
    organization: Organization
    _event: Event | None = None

    @property
    def event(self) -> Event:
        assert self._event is not None  # noqa: S101  a view whose rule names no event asks for none
        return self._event

    @property
    def has_event(self) -> bool:
        return self._event is not None

    def may(self, right: Right | str) -> bool:
        return allows(self.membership.role, Right(right), limited=self.membership.limited)


class Desk(Blueprint):
    """A blueprint of organizer's pages. ``DESKS`` of the package registers it below ``/organizer``."""

    def view(
        self,
        rule: str,
        needs: Right,
        *,
        methods: Sequence[str] = ("GET",),
        fresh: bool = False,
        takes_files: int | None = None,
    ) -> Callable[[View], View]:
        """A page below ``/organizer/o/<organization>``; the view gets ``access``, and what else its rule names.

        ``<event>`` in the rule is an event's slug, and becomes ``access.event``. ``fresh``: who signed in long ago
        proves again that it is they. ``takes_files``: how many bytes a form of it may have, where files are sent.
        """

        def add(view: View) -> View:
            @wraps(view)
            def guarded(organization: str, event: str | None = None, **values: Any) -> ResponseReturnValue:
                user = signed_in()
                if user is None:
                    return sign_in_first()
                g.access = access = access_to(user, organization, event)
                speak_to(user)
                if not access.may(needs):
                    abort(403)
                return _checked(fresh=fresh) or view(access, **values)

            guarded.needs, guarded.fresh = needs, fresh  # type: ignore[attr-defined]  # what the tests walk by
            guarded.takes_files = takes_files  # type: ignore[attr-defined]
            self.add_url_rule(PREFIX + rule, view_func=guarded, methods=list(methods))
            return view

        return add

    def own(self, rule: str, *, methods: Sequence[str] = ("GET",), fresh: bool = False) -> Callable[[View], View]:
        """A page about the signed-in person alone; the view gets ``user``."""

        def add(view: View) -> View:
            @wraps(view)
            def guarded(**values: Any) -> ResponseReturnValue:
                user = signed_in()
                if user is None:
                    return sign_in_first()
                speak_to(user)
                g.access = _only_desk(user)
                return _checked(fresh=fresh) or view(user, **values)

            guarded.needs, guarded.fresh = None, fresh  # type: ignore[attr-defined]
            self.add_url_rule(rule, view_func=guarded, methods=list(methods))
            return view

        return add


def _only_desk(user: User) -> Access | None:
    """Where somebody works for one organization, its rooms stay in sight on their own pages, too."""
    memberships = user.memberships
    return Access(user, memberships[0], memberships[0].organization) if len(memberships) == 1 else None


def access_to(user: User, organization: str, event: str | None = None) -> Access:
    """Raises NotFound where there is no such thing, or it is not for this person."""
    membership = db.session.scalar(
        select(Membership)
        .join(Organization)
        .where(Membership.user_id == user.id, Organization.slug == organization)
        .options(joinedload(Membership.organization))
    )
    if membership is None:
        raise NotFound("There is no such page.")
    found = None if event is None else _event(membership, event)
    return Access(user, membership, membership.organization, found)


def visible_events(membership: Membership) -> Any:
    """The condition on ``Event`` rows that a member may know of."""
    condition = Event.organization_id == membership.organization_id
    if not membership.limited:
        return condition
    mine = select(limited_to.c.event_id).where(limited_to.c.membership_id == membership.id)
    return condition & Event.id.in_(mine)


def _event(membership: Membership, slug: str) -> Event:
    event = db.session.scalar(select(Event).where(Event.slug == slug, visible_events(membership)))
    if event is None:
        raise NotFound("There is no such page.")
    return event


def _checked(*, fresh: bool) -> AnyResponse | None:
    """What stands between a signed-in person and the view: None, or the page to answer with."""
    if fresh and not is_fresh():
        return again(url_for("security.verify", next=request.full_path if request.method == "GET" else None))
    if request.method not in SAFE_METHODS:
        try:
            validate_csrf(request.form.get(RESENT))
        except ValidationError:
            return desk_page("organizer/resend.html", status=400, signed_out=False, kept=_kept())
    return None


def sign_in_first() -> AnyResponse:
    """To the sign-in and back here; where a form was sent, a page that keeps what was typed."""
    if request.method in SAFE_METHODS:
        return again(f"{url_for('security.login')}?next={quote(request.full_path.rstrip('?'))}")
    return desk_page("organizer/resend.html", status=401, signed_out=True, kept=_kept())


def again(url: str) -> AnyResponse:
    """303 that no cache keeps."""
    response = redirect(url, 303)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _kept() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name != RESENT]
