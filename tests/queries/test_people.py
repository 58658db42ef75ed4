"""Which registrations a filter means, and how it is written into an address."""

from datetime import date, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from eventsapp.db import transaction
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import Evidence, LetterKind, MessageState, PlaceState, QuestionType
from eventsapp.models import Attendance, Message, Registration
from eventsapp.queries import people
from eventsapp.queries.people import Filter

QUESTIONS = [
    {
        "key": "diet",
        "type": QuestionType.SINGLE_CHOICE,
        "options": [{"id": "meat", "label": {}}, {"id": "none", "label": {}}],
    },
    {"key": "news", "type": QuestionType.YES_NO},
    {"key": "from", "type": QuestionType.COUNTRY},
    {"key": "words"},
]


def _message(registration, now, state):
    id_ = new_public_id()
    return Message(
        registration_id=registration.id,
        public_id=id_,
        message_id=id_,
        dedupe_key=id_,
        kind=LetterKind.CONFIRMATION,
        language_tag="en",
        recipient=registration.email,
        address_key=registration.address_key,
        state=state,
        due_at=now,
        created_at=now,
    )


@pytest.fixture
def crowd(make, now):
    event = make.event(questions=QUESTIONS)
    other = make.event("talk", questions=QUESTIONS)
    make.registration(other, name="Elsewhere", answers={"diet": "meat", "news": True, "from": "MX"})
    make.registration(event, name="Gone", erased_at=now)
    zoe = make.registration(
        event,
        name="Zoë Muñoz",
        email="zoe@example.com",
        places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CANCELLED},
        answers={"diet": "meat", "news": True, "from": "MX", "words": "meat"},
        source="poster",
    )
    bob = make.registration(
        event,
        name="100%_Bob",
        email="bob@example.com",
        places={"spanish": PlaceState.CONFIRMED},
        answers={"diet": "none", "news": False, "from": "DE"},
        language_tag="en",
        created_at=now - timedelta(days=3),
    )
    with transaction() as session:
        session.add(Attendance(place_id=zoe.places[0].id, evidence=Evidence.JOIN_LINK, joined_at=now))
        session.add_all([_message(zoe, now, MessageState.BOUNCED), _message(bob, now, MessageState.FAILED)])
        session.flush()
        session.add_all([_message(zoe, now, MessageState.SENT), _message(bob, now, MessageState.QUEUED)])
    return event


ASKED = {
    "": "BZ",
    "q=muñoz": "Z",
    "q=MUÑOZ ZOE@": "Z",
    "q=%25_b": "B",
    "q=_": "B",
    "q=k7pm": "BZ",
    "state=confirmed": "BZ",
    "state=confirmed&occurrence=spanish": "B",
    "state=cancelled&state=declined": "Z",
    "occurrence=talk": "",
    "language=en": "B",
    "source=poster": "Z",
    "answer=diet:meat": "Z",
    "answer=diet:meat&answer=from:DE": "",
    "answer=news:no": "B",
    "answer=from:MX": "Z",
    "answer=words:meat": "",
    "answer=nothing:meat": "",
    "came=yes": "Z",
    "came=no": "B",
    "came=yes&occurrence=spanish": "",
    "letters=trouble": "B",
    "since=2026-03-01": "Z",
    "until=2026-02-27": "B",
    "state=bogus&came=perhaps&since=yesterday&page=9&occurrence=": "BZ",
}


def test_a_filter_finds_those_it_says_and_nobody_of_another_event(session, crowd):
    for asked, expected in ASKED.items():
        wanted = Filter.read(MultiDict(pair.split("=") for pair in asked.replace("%25", "%").split("&") if pair))
        found = session.query(Registration).filter(Registration.id.in_(people.matching(crowd, wanted)))
        names = "".join(sorted({"Zoë Muñoz": "Z", "100%_Bob": "B"}[one.name] for one in found))
        assert (asked, names, people.count(session, crowd, wanted)) == (asked, expected, len(expected))


def test_a_filter_is_written_and_read_again():
    wanted = Filter(
        q="Zoë",
        state=(PlaceState.CONFIRMED, PlaceState.PENDING),
        occurrence=("english",),
        language=("es", "pt-BR"),
        source="a b",
        answer=(("diet", "meat:raw"),),
        came="no",
        letters=True,
        since=date(2026, 3, 1),
        until=date(2026, 3, 2),
        only=("K7PM-BBBB",),
    )
    query = wanted.query()
    pairs = [(name, one) for name, value in query.items() for one in ([value] if isinstance(value, str) else value)]
    assert (Filter.read(query), Filter.read(MultiDict(pairs))) == (wanted, wanted)
    assert (Filter().query(), bool(Filter()), bool(wanted)) == ({}, False, True)
    assert Filter.read({"state": {"a": 1}, "q": 5, "since": "99999-01-01", "only": ["a\0b"]}) == Filter()
