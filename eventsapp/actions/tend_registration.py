"""What an organizer puts right at somebody's registration, also once the event is over. Each of it is on the trail."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import change_address, places
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.audit import Action, note
from eventsapp.actions.schedule import look_again
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.questions import AnswerValue
from eventsapp.domain.text import clean_text
from eventsapp.domain.vocabulary import Parting
from eventsapp.models import Registration, User
from eventsapp.queries.registrations import registration_known

LONGEST_NOTE = 2000


def correct_person(
    session: Session,
    registration_id: int,
    *,
    name: str,
    language_tag: str,
    tzid: str,
    answers: Mapping[str, AnswerValue],
    user: User,
    now: datetime,
) -> None:
    """Name, language and zone of the letters, and answers. Nobody is written to. Raises NotFound, Refused."""
    event, registration = places.take_registration(session, registration_id)
    settle_answers(session, event, registration, answers, now=now)
    registration.name = name
    registration.language_tag, registration.tzid = language_tag, tzid
    registration.changed_at = now
    look_again(session, registration=registration, now=now)
    _put_on_trail(session, registration, user, now, "details")


def correct_address(
    session: Session,
    registration_id: int,
    address: Address,
    parting: Parting,
    *,
    user: User,
    now: datetime,
    settings: Settings,
) -> bool:
    """Move the registration to another address, which is written to; the old one hears that it left, if a calendar
    there holds an entry. False: it is the same address, written another way, and nobody is written to.

    Raises NotFound, Refused where somebody is registered by that address.
    """
    event, registration = places.take_registration(session, registration_id)
    if address.key == registration.address_key:
        registration.email = address.email
        return False
    if registration_known(session, event.id, address) is not None:
        raise Refused(N_("Somebody with this e-mail address is registered already."), key="email")
    change_address.move(session, registration, address, parting, now=now, settings=settings)
    _put_on_trail(session, registration, user, now, "address")
    return True


def write_note(
    session: Session, registration_id: int, text: str, *, was: str | None = None, user: User, now: datetime
) -> None:
    """The organizers' own note. Its owner reads it in their data.

    ``was``: what stood there when it was changed. Raises NotFound, Refused where another one stands there by now.
    """
    _event, registration = places.take_registration(session, registration_id)
    note_text = clean_text(text, LONGEST_NOTE)
    if was is not None and registration.note not in (clean_text(was, LONGEST_NOTE), note_text):
        raise Refused(N_("Somebody else changed this note meanwhile. Theirs: %(note)s"), note=registration.note)
    if note_text != registration.note:
        registration.note = note_text
        _put_on_trail(session, registration, user, now, "note")


def renew_links(session: Session, registration_id: int, *, user: User, now: datetime) -> None:
    """Every personal link that was sent before stops working. Raises NotFound."""
    _event, registration = places.take_registration(session, registration_id)
    registration.link_generation += 1
    registration.changed_at = now
    _put_on_trail(session, registration, user, now, "links")


def _put_on_trail(session: Session, registration: Registration, user: User, now: datetime, what: str) -> None:
    """That it was changed, and never from what to what: the trail holds nothing about people."""
    event = registration.event
    note(
        session,
        Action.REGISTRATION_EDITED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        registration=registration,
        changes={what: [None, True]},
    )
