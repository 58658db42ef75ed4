"""Who comes: the table of an event's registrations, by filters that stand in the address; and one decision for many."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from eventsapp.actions import bulk as acting
from eventsapp.actions.bulk import Deed, Wish
from eventsapp.db import db, transaction
from eventsapp.domain.errors import DomainError, Invalid
from eventsapp.domain.languages import own_name
from eventsapp.domain.questions import answer_words
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import CHOICE_TYPES, Choose, PlaceState, QuestionType
from eventsapp.models import Channel, Event, Occurrence, Registration
from eventsapp.queries.exports import ANSWER, USUAL, column_names, date_words, state_words
from eventsapp.queries.people import Filter, count
from eventsapp.queries.people_pages import Details, Listing, Order, Sort, answers_by_key, details, listing
from eventsapp.queries.registrations import question_specs
from eventsapp.translations import gettext, ngettext, say
from eventsapp.translations import gettext as _
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.exports import pairs
from eventsapp.web.organizer.pages import at, desk_page, moment_of, say_done, with_query
from eventsapp.web.organizer.registration import deed_words
from eventsapp.web.pages import now, settings

registrations = Desk("registrations", __name__)

PAGE_SIZE = 50
AT_ONCE = 50  # registrations that a decision about many changes while somebody waits
_SORTED = {
    "name": Sort.NAME,
    "email": Sort.EMAIL,
    "language": Sort.LANGUAGE,
    "added": Sort.ADDED,
    "source": Sort.SOURCE,
}
Row = tuple[Registration, list[tuple[str, Any]]]
_WARNING = frozenset({PlaceState.WAITLISTED, PlaceState.PENDING, PlaceState.UNVERIFIED})


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head. ``url`` sorts by it; ``sorted`` is what ``aria-sort`` says, or empty."""

    name: str
    words: str
    url: str = ""
    sorted: str = ""


@registrations.view("/events/<event>/registrations", needs=Right.SEE)
def index(access: Access) -> ResponseReturnValue:
    asked, order = Filter.read(request.args), Order.read(request.args.get("sort", ""))
    names = column_names(access.event, g.reading.tag)
    columns = [name for name in request.args.getlist("column") if name in names] or list(USUAL)
    session = db.session()
    found = listing(
        session,
        access.event,
        asked,
        order,
        before=request.args.get("before", ""),
        after=request.args.get("after", ""),
        limit=PAGE_SIZE,
        answers=any(name.startswith(ANSWER) for name in columns),
    )
    number = count(session, access.event, asked)
    return desk_page(
        "organizer/registrations/index.html",
        found=found,
        asked=asked,
        number=number,
        everybody=count(session, access.event, Filter()) if asked else number,
        heads=[_head(name, names[name], order) for name in columns],
        rows=list(_rows(access, found, columns, details(session, found.rows))),
        columns=names,
        chosen=columns,
        states=[(state, state_words(state)) for state in PlaceState],
        dates=[(one.key, date_words(one, g.reading.tag)) for one in access.event.occurrences],
        languages=_languages(access.event),
        sources=_sources(access.event),
        questions=_questions(access.event, asked),
        deeds=[(deed.value, deed_words(deed)) for deed in Deed if deed is not Deed.MOVE or _other_dates(access.event)],
        query=list(pairs(asked)),
        order=order,
    )


@registrations.view("/events/<event>/registrations/bulk", needs=Right.RUN)
def bulk(access: Access) -> ResponseReturnValue:
    """How many it would be, and what it does to them."""
    wish = _wish(access.event, request.args)
    return again(_table()) if wish is None else _ask(access, wish)


@registrations.view("/events/<event>/registrations/bulk", needs=Right.RUN, methods=["POST"])
def do(access: Access) -> ResponseReturnValue:
    """At once where they are few, and by the worker where they are many."""
    wish = _wish(access.event, request.form)
    if wish is None:
        return again(_table())
    try:
        acting.check(access.event, wish)
    except Invalid as error:
        return _ask(access, wish, problem=error)
    if acting.count(db.session(), access.event, wish, now=now()) > AT_ONCE:
        with transaction() as session:
            event, user = session.merge(access.event), session.merge(access.user)
            public_id = acting.order(session, event, wish, user=user, now=now()).public_id
        return again(at("jobs.show", public_id=public_id))
    done, refused = _at_once(access, wish)
    if refused:
        return desk_page("organizer/registrations/done.html", done=done, refused=refused, back=_table())
    say_done(ngettext("%(num)s registration is done.", "%(num)s registrations are done.", done))
    return again(_table())


def _at_once(access: Access, wish: Wish) -> tuple[int, list[tuple[str, str, str]]]:
    """Each in a transaction of its own; whom it could not be done for, by reference and name, and why."""
    at_, done, refused = now(), 0, []
    rows = db.session.execute(
        select(Registration.id, Registration.reference, Registration.name).where(
            *acting.concerned(access.event, wish, at_)
        )
    ).all()
    for id_, reference, name in rows:
        try:
            with transaction() as session:
                acting.do(session, id_, wish, user=session.merge(access.user), now=at_, settings=settings())
            done += 1
        except DomainError as error:
            refused.append((reference, name or reference, say(error)))
    return done, refused


def _ask(access: Access, wish: Wish, *, problem: DomainError | None = None) -> Response:
    session = db.session()
    concerned = acting.count(session, access.event, wish, now=now())
    return desk_page(
        "organizer/registrations/sure.html",
        status=422 if problem else 200,
        wish=wish,
        title=deed_words(wish.deed),
        effect=_effect(wish.deed),
        concerned=concerned,
        others=count(session, access.event, wish.filter) - concerned,
        query=list(pairs(wish.filter)),
        dates=[(one.key, date_words(one, g.reading.tag)) for one in _held_singly(access.event)],
        others_to=[(one.key, date_words(one, g.reading.tag)) for one in _other_dates(access.event)],
        problem=say(problem) if problem else "",
        background=concerned > AT_ONCE,
        back=_table(),
    )


def _effect(deed: Deed) -> str:
    return {
        Deed.APPROVE: _(
            "Whoever waits for approval gets a place, or waits for one where the date is full, and a letter."
        ),
        Deed.DECLINE: _("They get no place, and a letter that says so."),
        Deed.MOVE: _("They get a place at the other date while there is room, give up theirs, and are written to."),
        Deed.CANCEL: _("Their places go to whoever waits. A letter takes the entries out of their calendars."),
        Deed.RESEND: _("The letter that says how a registration stands leaves once more to each of them."),
    }[deed]


def _wish(event: Event, given: Any) -> Wish | None:
    """What was asked for; None where nobody was chosen, or nothing to do.

    Where the filter is about one date, their places at that date alone are meant unless something else is said.
    """
    deed = given.get("deed", "")
    if deed not in set(Deed):
        return None
    asked = Filter.read(given)
    if not given.get("all") and not asked.only:
        return None
    if given.get("all") and asked.only:
        asked = Filter.read({name: value for name, value in given.lists() if name != "only"})
    singly = len(asked.occurrence) == 1 and deed != Deed.RESEND and _held_singly(event)
    return Wish(Deed(deed), asked, at=given.get("at", asked.occurrence[0] if singly else ""), to=given.get("to", ""))


def _held_singly(event: Event) -> list[Occurrence]:
    """The dates of which one alone can be decided about; none where the event is booked as a whole."""
    return [] if event.choose is Choose.ALL or len(event.occurrences) == 1 else list(event.occurrences)


def _other_dates(event: Event) -> list[Occurrence]:
    """Where people can be moved to."""
    return [one for one in _held_singly(event) if not one.called_off and one.ends_at > now()]


def _rows(
    access: Access, found: Listing, columns: list[str], beside: Details
) -> Iterator[tuple[Registration, list[Any]]]:
    specs = {spec.key: spec for spec in question_specs(access.event, retired=True)}
    tag = g.reading.tag
    words = {one.id: date_words(one, tag) for one in access.event.occurrences}
    names, many = dict(_sources(access.event)), len(words) > 1
    for row in found.rows:
        said = answers_by_key(access.event, row) if any(name.startswith(ANSWER) for name in columns) else {}

        def cell(name: str, row: Registration = row, said: Any = said) -> Any:
            if name.startswith(ANSWER):
                spec, answer = specs[name.removeprefix(ANSWER)], said.get(name.removeprefix(ANSWER))
                return "" if answer is None else answer_words(spec, answer.value, tag, gettext)
            return {
                "name": row.name,
                "email": row.email,
                "reference": row.reference,
                "places": [
                    (
                        state_words(place.state),
                        _badge(place.state),
                        words[place.occurrence_id] if many else "",
                    )
                    for place in row.places
                ],
                "came": ", ".join(words[place.occurrence_id] for place in row.places if place.id in beside.came),
                "language": own_name(row.language_tag),
                "zone": row.tzid,
                "added": moment_of(row.created_at),
                "source": names.get(row.source, row.source),
                "letters": _("Do not arrive") if row.id in beside.in_trouble else "",
                "note": row.note,
            }[name]

        yield row, [(name, cell(name)) for name in columns]


def _badge(state: PlaceState) -> str:
    if state is PlaceState.CONFIRMED:
        return "good"
    return "warn" if state in _WARNING else ""


def _head(name: str, words: str, order: Order) -> Head:
    sort = _SORTED.get(name)
    if sort is None:
        return Head(name, words)
    mine = order.sort is sort
    turned = Order(sort, not order.falling if mine else False)
    url = with_query(sort=str(turned), before=None, after=None)
    return Head(name, words, url, ("descending" if order.falling else "ascending") if mine else "")


def _questions(event: Event, asked: Filter) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """What the table can be filtered by: questions with their options, as words, value and whether it is chosen."""
    tag, chosen = g.reading.tag, {f"{key}:{value}" for key, value in asked.answer}
    found = []
    for spec in question_specs(event, retired=True):
        words = {one: spec.option_in(one, tag) for one in spec.option_ids()} if spec.type in CHOICE_TYPES else {}
        if spec.type in {QuestionType.YES_NO, QuestionType.CONSENT}:
            words = {"yes": _("Yes"), "no": _("No")}
        options = [(said, value := f"{spec.key}:{one}", value in chosen) for one, said in words.items()]
        found += [(spec.label_in(tag), options)] if options else []
    return found


def _languages(event: Event) -> list[tuple[str, str]]:
    tags = db.session.scalars(
        select(Registration.language_tag)
        .where(Registration.event_id == event.id, Registration.erased_at.is_(None))
        .distinct()
    ).all()
    return sorted(((tag, own_name(tag)) for tag in tags), key=lambda pair: pair[1])


def _sources(event: Event) -> list[tuple[str, str]]:
    """Short links by their code, with their name."""
    rows = db.session.execute(select(Channel.code, Channel.name).where(Channel.event_id == event.id))
    return [(code, name) for code, name in rows]


def _table() -> str:
    return at("registrations.index")
