"""One event, and everything that people, organizers, the clock and the worker may do to it, in any order.

Each deed is an action in a transaction of its own, as the doors call it. ``rules`` says what must hold around it.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Event as Stop
from typing import Any

from flask import Flask
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp import worker
from eventsapp.actions import bulk, change_address, outbox, places, resend, tell
from eventsapp.actions.add_registration import add_registration
from eventsapp.actions.correct import correct_details
from eventsapp.actions.edit import edit
from eventsapp.actions.erase import erase
from eventsapp.actions.give_place import give_place
from eventsapp.actions.import_record import import_record
from eventsapp.actions.move import choose_dates
from eventsapp.actions.register import correct_address, register
from eventsapp.actions.verify import verify
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import DomainError, NotFound
from eventsapp.domain.vocabulary import LetterKind, Purpose
from eventsapp.models import AddressChange, Event, Receipt, Registration
from eventsapp.queries.kept import wrong_counts
from eventsapp.queries.registrations import promised_by, registration_by_token
from eventsapp.reading.values import EventRecord
from tests.conftest import NOW, _empty
from tests.life import rules
from tests.life.calendars import Calendars, Died
from tests.life.picture import Picture, take_picture
from tests.life.rules import Terms
from tests.reading.records import occurrence, read, record

STARTS = {"first": "2026-03-04 12:00", "second": "2026-04-01 12:00", "third": "2026-05-01 12:00"}
QUESTION = {
    "id": "food",
    "type": "single_choice",
    "required": False,
    "label": {"en": "Food"},
    "options": [{"id": "vegan", "label": {"en": "Vegan"}, "limit": "2"}, {"id": "bread", "label": {"en": "Bread"}}],
}
PEOPLE = [f"{name}@example.org" for name in ("ana", "ben", "cy", "dee", "eve")]
WHO = st.sampled_from(PEOPLE)
DATES = st.sampled_from(list(STARTS))
SOME = (st.just({"second"}) | st.sets(DATES, min_size=1)).map(lambda chosen: [key for key in STARTS if key in chosen])
CAPACITY = st.sampled_from([1, 1, 2, 3, None])
OPTION = st.sampled_from(["", "vegan", "bread"])
ASKED_FOR = (LetterKind.ALREADY_REGISTERED, LetterKind.VERIFICATION)

Deed = Callable[[Session], object]


class Life(RuleBasedStateMachine):
    """``known`` are the rules that a test leaves out, to show that another one finds what is broken."""

    app: Flask
    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        db.session.rollback()
        _empty()
        self.now = self.worked_at = NOW
        self.calendars = Calendars()
        self.receipts: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, int]] = {}
        self.event_id = 0

    @initialize(
        terms=st.builds(
            Terms,
            choose=st.sampled_from(["one", "any", "all"]),
            manual=st.sampled_from([False, False, True]),
            waitlist=st.sampled_from([True, True, True, False]),
        ),
        verified=st.sampled_from([False, False, True]),
        capacities=st.tuples(CAPACITY, CAPACITY, CAPACITY),
        crowd=st.lists(SOME, min_size=3, max_size=len(PEOPLE)),
    )
    def publish(self, terms: Terms, verified: bool, capacities: tuple[int | None, ...], crowd: list[list[str]]) -> None:
        """The event, and those who come at once."""
        self.terms = terms
        dates = [
            occurrence(id=key, start=start, tzid="Etc/UTC", capacity=None if capacity is None else str(capacity))
            for (key, start), capacity in zip(STARTS.items(), capacities, strict=True)
        ]
        registration: dict[str, Any] = {
            "choose": terms.choose,
            "approval": "manual" if terms.manual else "automatic",
            "waitlist": "yes" if terms.waitlist else "no",
        } | ({"verify": {"within": "PT2H"}} if verified else {})
        registration["questions"] = [QUESTION]
        said = record(occurrences=dates, registration=registration, reminders=[], follow_ups=[])
        with transaction() as session:
            import_record(session, read(said), now=self.now, settings=self.settings)
        self.event_id = db.session.scalars(select(Event.id)).one()
        self._seen = self._read()
        for who, some in zip(PEOPLE, crowd, strict=False):
            self._register(who, self._wanted(some), "")

    # What people do

    @rule(who=WHO, some=SOME, option=OPTION, twice=st.booleans())
    def register(self, who: str, some: list[str], option: str, twice: bool) -> None:
        """``twice``: a double click. What the receipt says is what a stranger would get, whoever it is."""
        for _ in range(1 + twice):
            self._register(who, self._wanted(some), option)

    def _register(self, who: str, wanted: list[str], option: str) -> None:
        applicant, receipts = _applicant(who, wanted, option), list[Receipt]()

        def deed(session: Session) -> None:
            receipts.append(register(session, self.event_id, applicant, now=self.now, settings=self.settings))

        before = self._do(deed, ASKED_FOR)
        expected, got = rules.newcomer(before, self.terms, wanted, option), None
        for receipt in receipts:
            db.session.refresh(receipt)
            self.receipts[who], got = receipt.public_id, promised_by(receipt)
        assert self._unsettled(before) or got == expected, (got, expected)

    @rule(who=WHO, key=st.none() | DATES, own=st.booleans())
    def cancel(self, who: str, key: str | None, own: bool) -> None:
        self._to(who, places.cancel, occurrence_key=key, by_owner=own)

    @rule(who=WHO, some=SOME, sure=st.booleans())
    def choose_other_dates(self, who: str, some: list[str], sure: bool) -> None:
        """Or come back."""
        self._to(who, choose_dates, some[:1] if self.terms.choose == "one" else some, sure=sure)

    @rule(who=WHO)
    def verify(self, who: str) -> None:
        self._to(who, verify)

    @rule(who=WHO, option=OPTION)
    def answer(self, who: str, option: str) -> None:
        def deed(session: Session) -> None:
            correct_details(session, self._id(session, who), "Zoë", {"food": option} if option else {}, now=self.now)

        self._do(deed)

    @rule(who=WHO, right=WHO)
    def correct_mistyped_address(self, who: str, right: str) -> None:
        """By the receipt, which may be anybody's."""
        if who not in self.receipts:
            return

        def deed(session: Session) -> None:
            correct_address(session, self.receipts[who], read_address(right), now=self.now, settings=self.settings)

        self._do(deed, ASKED_FOR, moves=self._everybody(), hands_on=True)

    @rule(who=WHO, other=WHO)
    def wish_for_another_address(self, who: str, other: str) -> None:
        self._to(who, change_address.wish, read_address(other), allowed=[LetterKind.ADDRESS_CHANGE])

    @rule()
    def agree_to_the_other_address(self) -> None:
        change = db.session.scalar(select(AddressChange).order_by(AddressChange.id.desc()).limit(1))
        if change is None:
            return
        id_, moves = change.public_id, {change.address_key, change.registration.address_key or ""}

        def deed(session: Session) -> None:
            change_address.grant(session, id_, now=self.now, settings=self.settings)

        self._do(deed, moves=moves)

    @rule(who=WHO)
    def ask_for_the_letter_again(self, who: str) -> None:
        self._to(who, resend.send_again, again={who})

    @rule(who=WHO)
    def erase(self, who: str) -> None:
        self._to(who, erase, moves={who})

    # What organizers do

    @rule(who=WHO, some=SOME, option=OPTION, over=st.booleans())
    def add(self, who: str, some: list[str], option: str, over: bool) -> None:
        applicant = _applicant(who, self._wanted(some), option)

        def deed(session: Session) -> None:
            add_registration(
                session, self.event_id, applicant, user=None, over=over, now=self.now, settings=self.settings
            )

        self._do(deed, over=over)

    @rule(who=WHO, key=st.none() | DATES)
    def approve(self, who: str, key: str | None) -> None:
        self._to(who, places.approve, occurrence_key=key)

    @rule(who=WHO, key=st.none() | DATES)
    def decline(self, who: str, key: str | None) -> None:
        self._to(who, places.decline, occurrence_key=key)

    @rule(who=WHO, to=DATES, at=st.just("") | DATES)
    def move(self, who: str, to: str, at: str) -> None:
        self._to(who, bulk.move_to, to, at=at)

    @rule(who=WHO, to=DATES, over=st.booleans())
    def give(self, who: str, to: str, over: bool) -> None:
        self._to(who, give_place, to, user=None, over=over, is_over=over)

    @rule(key=DATES, capacity=CAPACITY)
    def change_capacity(self, key: str, capacity: int | None) -> None:
        self._edit(lambda one: replace(one, capacity=capacity), key)

    @rule(limit=CAPACITY)
    def change_the_limit_of_an_option(self, limit: int | None) -> None:
        def change(said: EventRecord) -> EventRecord:
            (question,) = said.questions
            options = tuple(replace(one, limit=limit) if one.id == "vegan" else one for one in question.options)
            return replace(said, questions=(replace(question, options=options),))

        self._change(change)

    @rule(key=DATES, off=st.booleans())
    def call_off_or_put_back(self, key: str, off: bool) -> None:
        self._edit(lambda one: replace(one, cancelled=off), key)

    # What time and the worker do

    @rule(minutes=st.sampled_from([1, 11, 61, 121, 300]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.now < NOW + timedelta(days=3))
    @rule(days=st.integers(1, 2))
    def wait_for_the_first_date(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def work(self) -> None:
        """The worker does all that is due. Then calendars, links and rows say the same."""
        after = self._work()
        faults = list(self.calendars.faults(after))
        assert not faults, faults

    @rule(letters=st.integers(1, 3), arrives=st.booleans(), then=st.sampled_from(["", "cancel", "erase", "move"]))
    def the_worker_dies(self, letters: int, arrives: bool, then: str) -> None:
        """With the last of so many letters on the wire; another one may have it once the lease has run out. Until then
        whoever it is for may have thought better of it.
        """
        self.calendars.left = letters, arrives
        self._work()
        self.calendars.left = None
        who = self.calendars.last
        if who and then == "cancel":
            self.cancel(who, None, own=True)
        elif who and then == "erase":
            self.erase(who)
        elif who and then == "move":
            self.wish_for_another_address(who, PEOPLE[-1])
            self.agree_to_the_other_address()
        self.now += outbox.LEASE

    def _work(self) -> Picture:
        before = self._look()
        with suppress(Died):
            worker.run(self.app, stop=Stop(), once=True, transport=self.calendars, clock=lambda: self.now)
        self.worked_at = self.now
        after = self._seen = self._read()
        self._hold(before, after, moves=self._everybody())
        wrong = self._links()
        assert not wrong, wrong
        return after

    def teardown(self) -> None:
        if self.event_id:
            self.now += timedelta(seconds=1)
            self.work()

    # How a deed is done and judged

    def _to(
        self,
        who: str,
        action: Callable[..., object],
        *said: Any,
        moves: Iterable[str] = (),
        again: Iterable[str] = (),
        allowed: Iterable[LetterKind] = (),
        is_over: bool = False,
        **named: Any,
    ) -> None:
        """An action about somebody's registration."""

        def deed(session: Session) -> None:
            action(session, self._id(session, who), *said, now=self.now, settings=self.settings, **named)

        self._do(deed, allowed, moves={*moves, *again}, over=is_over)

    def _do(
        self,
        deed: Deed,
        allowed: Iterable[LetterKind] = (),
        *,
        moves: Iterable[str | None] = (),
        over: bool = False,
        hands_on: bool = False,
    ) -> Picture:
        """What was before. ``moves``: addresses whose letters are not counted here, but by the calendars at the end."""
        self.now += timedelta(seconds=1)
        before = self._look()
        try:
            with transaction() as session:
                deed(session)
        except DomainError as error:
            note(f"refused: {error}")
            assert self._read() == before, "a refusal changed something"
            return before
        self._seen = self._read()
        self._hold(before, self._seen, allowed, moves=set(moves), over=over, hands_on=hands_on)
        return before

    def _hold(
        self,
        before: Picture,
        after: Picture,
        allowed: Iterable[LetterKind] = (),
        *,
        moves: set[str | None],
        over: bool = False,
        hands_on: bool = False,
    ) -> None:
        faults = [*rules.calendars(before, after), *rules.stamp(before, after), *wrong_counts(db.session())]
        if not over:
            faults += rules.room(before, after, hands_on=hands_on)
        if not (over or moves):
            faults += rules.order(before, after)
            faults += rules.standing_in_line(before, after)
        if not self._unsettled(after):
            faults += rules.nobody_waits_in_vain(after, self.terms)
        apart = {id_ for picture in (before, after) for id_, one in picture.addresses.items() if one in moves}
        faults += rules.letters(before, after, apart)
        faults += rules.nothing_more(before, after, allowed, apart)
        assert not faults, faults

    def _unsettled(self, picture: Picture) -> bool:
        """Whether the clock alone has made room: whoever comes next, or the worker, gives it to those who wait."""
        return picture.late or (self.terms.choose == "all" and picture.begun_since(self.worked_at))

    def _links(self) -> list[str]:
        """A personal link opens that registration until it is erased or moves to another address."""
        for sent in self.calendars.links.values():
            for token in sent:
                found = db.session.scalar(select(Registration).where(Registration.public_id == token.split(".")[0]))
                if found is not None and token not in self.tokens:
                    self.tokens[token] = found.public_id, found.link_generation
            sent.clear()
        return [token for token, (of, generation) in self.tokens.items() if not self._is_right(token, of, generation)]

    def _is_right(self, token: str, public_id: str, generation: int) -> bool:
        found = db.session.scalars(select(Registration).where(Registration.public_id == public_id)).one()
        wanted = found.erased_at is None and found.link_generation == generation
        try:
            opened = registration_by_token(db.session(), Purpose.MANAGE, token, settings=self.settings)
        except NotFound:
            return not wanted
        return wanted and opened.id == found.id

    def _everybody(self) -> set[str | None]:
        return set(self._seen.addresses.values())

    def _edit(self, change: Callable[[Any], Any], key: str) -> None:
        self._change(
            lambda said: replace(
                said, occurrences=tuple(change(one) if one.id == key else one for one in said.occurrences)
            )
        )

    def _change(self, change: Callable[[EventRecord], EventRecord]) -> None:
        """An organizer's edit, of which people are told."""

        def deed(session: Session) -> None:
            edited = edit(session, self.event_id, change, version=None, user=None, now=self.now, settings=self.settings)
            tell.tell(session, edited.event, now=self.now, settings=self.settings)

        self._do(deed)

    def _look(self) -> Picture:
        """What was read last, as of now."""
        return replace(self._seen, at=self.now)

    def _read(self) -> Picture:
        return take_picture(db.session(), self.event_id, self.now)

    def _id(self, session: Session, who: str) -> int:
        found = session.scalar(
            select(Registration.id).where(Registration.event_id == self.event_id, Registration.address_key == who)
        )
        if found is None:
            raise NotFound("There is no such registration.")
        return found

    def _wanted(self, some: list[str]) -> list[str]:
        """As the form would send it."""
        if self.terms.choose == "one":
            return some[:1]
        if self.terms.choose == "any":
            return some
        picture = self._look()
        return [key for key, date in picture.dates.items() if not date.called_off and picture.at < date.ends_at]


def _applicant(who: str, wanted: list[str], option: str) -> Applicant:
    return Applicant(
        name="Zoë",
        address=read_address(who),
        language_tag="en",
        tzid="Etc/UTC",
        occurrence_keys=tuple(wanted),
        answers={"food": option} if option else {},
    )
