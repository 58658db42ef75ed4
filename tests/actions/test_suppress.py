"""Addresses that are not written to: kept once, without the address, and for one organization alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from eventsapp.actions import change_address
from eventsapp.actions.suppress import end_letters, lift, resume_letters, suppress
from eventsapp.db import transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.vocabulary import LetterKind, Purpose, Suppression
from eventsapp.models import Place, Registration, SuppressedAddress
from eventsapp.queries.suppressed import holds_back, suppression_of, suppressions_of
from tests.conftest import NOW
from tests.statements import statements

BOUNCED, COMPLAINED, UNSUBSCRIBED = Suppression.BOUNCED, Suppression.COMPLAINED, Suppression.UNSUBSCRIBED
ANA, BEA = "ana@example.org", "bea@example.org"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def organization(make):
    return make.organization().id


@pytest.fixture
def keep(settings, now, organization):
    def keep(address_key=ANA, reason=BOUNCED, *, of=organization, at=now, words=""):
        with transaction() as session:
            return suppress(session, of, address_key, reason, words=words, now=at, settings=settings)

    return keep


@pytest.fixture
def kept(session, settings, organization):
    def kept(address_key=ANA, *, of=organization):
        session.rollback()
        return suppression_of(session, of, address_key, settings)

    return kept


@pytest.fixture
def free(settings, organization):
    def free(**values):
        with transaction() as session:
            return lift(session, organization, ANA, now=LATER, settings=settings, **values)

    return free


def rows(session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(SuppressedAddress))


def test_each_reason_is_kept_once_and_what_was_said_first_stays(keep, kept, session, now):
    assert [keep(words="550 5.1.1 no such user"), keep(words="551", at=LATER)] == [True, False]
    assert keep(reason=UNSUBSCRIBED)
    assert (kept(), rows(session)) == ({BOUNCED, UNSUBSCRIBED}, 2)
    first = session.scalars(select(SuppressedAddress).where(SuppressedAddress.reason == BOUNCED)).one()
    assert (first.words, first.created_at) == ("550 5.1.1 no such user", now)


def test_it_is_one_organization_and_one_address(keep, kept, make):
    other = make.organization(slug="other", name="Other").id
    keep()
    assert (kept(), kept(BEA), kept(of=other), kept(None)) == ({BOUNCED}, set(), set(), set())


def test_no_address_is_kept(keep, session):
    keep(words="User unknown\r\nBcc: x")
    row = session.scalars(select(SuppressedAddress)).one()
    assert (len(row.address_hash), ANA in row.address_hash, "\n" in row.words) == (32, False, False)


def test_two_at_once_keep_one(app, keep, session):
    def keep_there(_number):
        with app.app_context():
            return keep()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(keep_there, range(4))) == [False, False, False, True]
    assert rows(session) == 1


def test_many_are_asked_about_by_one_statement(keep, session, settings, organization):
    keep()
    keep(BEA, UNSUBSCRIBED)
    asked = [(organization, key) for key in (ANA, BEA, "cleo@example.org")]
    with statements() as said:
        found = suppressions_of(session, asked, settings)
    assert found == {(organization, ANA): {BOUNCED}, (organization, BEA): {UNSUBSCRIBED}}
    assert len([one for one in said if "suppressed_address" in one]) == 1
    assert suppressions_of(session, [], settings) == {}


def test_a_lifted_address_is_written_to_and_planned_for_again(keep, kept, free, make, session):
    event = make.event()
    mine, other = make.registration(event, email=ANA).id, make.registration(event, email=BEA).id
    keep()
    keep(reason=UNSUBSCRIBED)
    assert (free(reasons=[UNSUBSCRIBED]), kept()) == (1, {BOUNCED})
    assert dict(session.execute(select(Place.registration_id, Place.plan_at)).all()) == {mine: LATER, other: None}
    assert (free(), free(), kept()) == (1, 0, set())


def test_reminders_end_once_and_come_back(make, session, settings, now):
    registration_id = make.registration(make.event()).id

    def act(change, at):
        with transaction() as writing:
            mine = writing.get_one(Registration, registration_id)
            change(writing, mine, Purpose.REMINDERS, now=at, settings=settings)
        return session.get_one(Registration, registration_id).reminders_off_at

    assert [act(end_letters, now), act(end_letters, LATER), act(resume_letters, LATER)] == [now, now, None]
    assert session.scalars(select(Place.plan_at)).all() == [LATER]
    act(resume_letters, LATER + timedelta(days=1))
    assert session.scalars(select(Place.plan_at)).all() == [LATER]


@pytest.mark.parametrize(("reason", "there"), [(UNSUBSCRIBED, {UNSUBSCRIBED}), (BOUNCED, set()), (COMPLAINED, set())])
def test_who_moves_to_another_address_has_ended_follow_ups_there_too(reason, there, *, keep, kept, make, settings, now):
    registration_id = make.registration(make.event(), email=ANA).id
    keep(reason=reason)
    with transaction() as session:
        wanted = read_address(BEA)
        change = change_address.wish(session, registration_id, wanted, now=now, settings=settings).public_id
    assert kept(BEA) == set()
    with transaction() as session:
        change_address.grant(session, change, now=now, settings=settings)
    assert (kept(), kept(BEA)) == ({reason}, there)


def test_what_is_held_back():
    def goes_out(*suppressions):
        return {kind for kind in LetterKind if not holds_back(kind, set(suppressions))}

    scheduled = {LetterKind.REMINDER, LetterKind.FOLLOW_UP, LetterKind.MISSED}
    assert goes_out() == set(LetterKind)
    assert goes_out(UNSUBSCRIBED) == set(LetterKind) - {LetterKind.FOLLOW_UP, LetterKind.MISSED, LetterKind.MAILING}
    assert goes_out(COMPLAINED) == set(LetterKind) - scheduled - {LetterKind.MAILING}
    assert not holds_back(LetterKind.MAILING, {COMPLAINED, UNSUBSCRIBED}, needed=True)
    assert holds_back(LetterKind.MAILING, {BOUNCED}, needed=True)
    assert goes_out(BOUNCED) == {
        LetterKind.INVITE,
        LetterKind.CONFIRMATION,
        LetterKind.WAITLISTED,
        LetterKind.PENDING,
        LetterKind.ALREADY_REGISTERED,
        LetterKind.LINK,
        LetterKind.VERIFICATION,
        LetterKind.ADDRESS_CHANGE,
    }
    assert goes_out(BOUNCED, UNSUBSCRIBED) == goes_out(BOUNCED)
