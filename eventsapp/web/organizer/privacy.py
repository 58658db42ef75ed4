"""One person's data: taken out for them, or deleted for good. The audit trail has both, without saying who it was."""

import json
from collections.abc import Sequence

from flask import Response, g
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from eventsapp.actions.audit import Action, note
from eventsapp.actions.erase import erase as erase_person
from eventsapp.db import db, transaction
from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import HELD
from eventsapp.domain.wording import time_words
from eventsapp.models import Place, Registration
from eventsapp.queries.own_data import everything_about
from eventsapp.translations import gettext as _
from eventsapp.web.headers import keep_private
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.pages import now, settings

privacy = Desk("privacy", __name__)


@privacy.view("/events/<event>/registrations/<reference>/data.json", needs=Right.EXPORT, methods=["POST"], fresh=True)
def download(access: Access, reference: str) -> ResponseReturnValue:
    """A POST, because that somebody took the data along goes on the trail."""
    registration = _person(access, reference)
    everything = everything_about(db.session(), registration, now=now(), settings=settings())
    with transaction() as session:
        note(
            session,
            Action.PERSON_EXPORTED,
            now=now(),
            organization=access.organization,
            user=access.user,
            event=access.event,
            registration=registration,
        )
    text = json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="registration-{reference}.json"'
    return keep_private(response)


@privacy.view("/events/<event>/registrations/<reference>/data", needs=Right.RUN, fresh=True)
def data(access: Access, reference: str) -> ResponseReturnValue:
    """Where both are offered: what goes and what stays."""
    registration, at_present = _person(access, reference), now()
    held = [one for one in registration.places if one.state in HELD and at_present < one.occurrence.ends_at]
    return desk_page("organizer/privacy/data.html", registration=registration, given_up=_dates(held))


@privacy.view("/events/<event>/registrations/<reference>/erase", needs=Right.RUN, methods=["POST"], fresh=True)
def erase(access: Access, reference: str) -> ResponseReturnValue:
    registration = _person(access, reference)
    with transaction() as session:
        erase_person(session, registration.id, now=now(), settings=settings())
        note(
            session,
            Action.PERSON_ERASED,
            now=now(),
            organization=access.organization,
            user=access.user,
            event=access.event,
            registration=session.get_one(Registration, registration.id),
        )
    say_done(_("This person’s data are deleted."))
    return again(at("events.overview"))


def _person(access: Access, reference: str) -> Registration:
    """Raises NotFound: not of this event, or forgotten already."""
    found = db.session.scalar(
        select(Registration).where(
            Registration.event_id == access.event.id,
            Registration.reference == reference,
            Registration.erased_at.is_(None),
        )
    )
    if found is None:
        raise NotFound(N_("There is no such page."))
    return found


def _dates(places: Sequence[Place]) -> list[str]:
    """In the event's own time, by time."""
    dates = sorted((place.occurrence for place in places), key=lambda one: (one.starts_at, one.id))
    return [time_words(one.starts_at, one.ends_at, one.tzid, g.reading.tag).whole for one in dates]
