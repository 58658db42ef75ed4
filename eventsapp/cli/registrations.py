"""``registrations``: who comes, and decisions about them."""

import argparse
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed, application, event_of, now, writing
from eventsapp.cli.arguments import Commands, add_format, one_of
from eventsapp.cli.printing import DAY_AND_TIME, moment, print_rows, print_table
from eventsapp.domain.vocabulary import MessageState, OfTries, PlaceState, Suppression
from eventsapp.mail.outcome import reply_words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from eventsapp.models import Message, Registration


def add_to(commands: Commands) -> None:
    registrations = commands.group("registrations", "list registrations and decide on them")
    listing = registrations.add("list", list_registrations, "list an event's registrations, oldest first")
    listing.add_argument("event", metavar="EVENT", help="the event's slug")
    listing.add_argument("--state", type=PlaceState, choices=list(PlaceState), metavar="STATE", help=one_of(PlaceState))
    add_format(listing)
    showing = registrations.add("show", show, "show one registration: its places, and its letters with their fate")
    _add_person(showing)
    counting = registrations.add(
        "count", count_places, "count places by date and state; people at several dates count once in the sum"
    )
    counting.add_argument("event", metavar="EVENT", help="the event's slug")
    add_format(counting)
    decisions = {
        "approve": "give a pending or waitlisted person the place, and write to them",
        "decline": "decline a pending person, and write to them",
        "cancel": "cancel a person's places, write to them, and let the waitlist move up",
    }
    for decision, words in decisions.items():
        deciding = registrations.add(decision, decide, words)
        deciding.set_defaults(decision=decision)
        _add_person(deciding)
        deciding.add_argument("--occurrence", metavar="ID", help="the place in this occurrence alone")
    erasing = registrations.add("erase", erase, "delete a person's data, cancel their places, for good")
    _add_person(erasing)


def _add_person(command: argparse.ArgumentParser) -> None:
    command.add_argument("person", metavar="PERSON", help="a reference, such as K7PM-2QXD, or an e-mail address")
    command.add_argument("--event", metavar="EVENT", help="the event's slug, where PERSON is an address")


def list_registrations(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.registrations import registrations_of
    from eventsapp.queries.returned import troubles_of

    heads = ("reference", "occurrence", "state", "e-mail", "name", "language", "registered (UTC)", "letters")
    with application() as (settings, session):
        troubles = troubles_of(session, event_of(session, arguments.event), settings=settings)
        rows = [
            (
                registration.reference,
                place.occurrence.key,
                place.state.value,
                registration.email or "",
                registration.name or "",
                registration.language_tag,
                moment(registration.created_at),
                troubles[registration.id].value if registration.id in troubles else "",
            )
            for registration in registrations_of(session, arguments.event, state=arguments.state)
            for place in registration.places
            if arguments.state in (None, place.state)
        ]
    print_rows(arguments.format, heads, rows)


def show(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.returned import letters_to
    from eventsapp.queries.suppressed import suppressed_rows

    heads = ("message", "kind", "state", "to", "due or sent (UTC)", "what the server said")
    with application() as (settings, session):
        registration = _registration(session, arguments.person, arguments.event)
        print(f"{registration.reference}  {registration.name or ''}  {registration.email or '(deleted)'}".rstrip())
        print(f"{registration.event.slug}  {registration.language_tag}  {registration.tzid}")
        for place in registration.places:
            print(f"{place.occurrence.key}: {place.state}")
        for kept in suppressed_rows(session, registration, settings):
            print(f"{_KEPT[kept.reason]} Since {moment(kept.created_at)} UTC. {kept.words}".rstrip())
        print()
        print_table(heads, [_letter(message) for message in letters_to(session, registration)])


def _letter(message: "Message") -> tuple[str, ...]:
    cause = f" ({message.context[OfTries.CAME_BACK]})" if message.state is MessageState.BOUNCED else ""
    said = reply_words(message.last_code, message.last_error)
    when = moment(message.sent_at or message.due_at)
    return (message.public_id, message.kind.value, message.state + cause, message.recipient or "", when, said)


_KEPT = {
    Suppression.BOUNCED: "Nobody reads this address, so it gets only what it asks for (`eventsapp addresses lift`).",
    Suppression.COMPLAINED: "Letters to it were called spam, so it gets no reminders and follow-ups.",
    Suppression.UNSUBSCRIBED: "It wants no follow-ups.",
}


def count_places(arguments: argparse.Namespace) -> None:
    from eventsapp.domain.timezones import local
    from eventsapp.queries.counts import counts_of
    from eventsapp.queries.returned import troubles_of, unreached_of

    states = tuple(state.value for state in PlaceState)
    heads = ("occurrence", "date", "language", *states, "people", "capacity", "left", "unreached")
    with application() as (settings, session):
        rows = []
        event = event_of(session, arguments.event)
        unreached = unreached_of(session, event, troubles_of(session, event, settings=settings))
        for count in counts_of(session, event, now=now()):
            one = count.occurrence
            which = ("all dates", "", "")
            if one is not None:
                date = f"{local(one.starts_at, one.tzid).strftime(DAY_AND_TIME)} {one.tzid}"
                which = (one.key, date, one.language_tag or "all")
            limits = ("" if number is None else str(number) for number in (count.capacity, count.left))
            missed = str(unreached[one.id if one is not None else None])
            rows.append(
                (*which, *(str(count.states[state]) for state in PlaceState), str(count.people), *limits, missed)
            )
    print_rows(arguments.format, heads, rows)


def decide(arguments: argparse.Namespace) -> None:
    """``approve``, ``decline`` and ``cancel``: the action of that name."""
    from eventsapp.actions import places

    decide = getattr(places, arguments.decision)
    with writing() as (settings, session):
        registration = _registration(session, arguments.person, arguments.event)
        decide(session, registration.id, occurrence_key=arguments.occurrence, now=now(), settings=settings)
        session.refresh(registration)
        for place in registration.places:
            print(f"{registration.reference}  {place.occurrence.key}: {place.state}")


def erase(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.erase import erase

    with writing() as (settings, session):
        registration = _registration(session, arguments.person, arguments.event)
        erase(session, registration.id, now=now(), settings=settings)
        print(f"{registration.reference}  name, address and answers are deleted; places to come are cancelled")


def _registration(session: "Session", person: str, event: str | None) -> "Registration":
    """By reference, or by e-mail address within one event."""
    from eventsapp.domain.addresses import read_address
    from eventsapp.queries.registrations import registration_by_reference, registrations_of

    if "@" not in person:
        return registration_by_reference(session, person)
    if event is None:
        raise CommandFailed("An address may be registered for several events; add --event EVENT.")
    key = read_address(person).key
    found = [registration for registration in registrations_of(session, event) if registration.address_key == key]
    if not found:
        raise CommandFailed(f"{person} is not registered for {event}.")
    return found[0]
