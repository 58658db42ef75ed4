from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from sqlalchemy import func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from eventsapp.actions.answers import settle_answers
from eventsapp.actions.import_record import ImportReport, import_files, import_record
from eventsapp.db import for_writing, transaction
from eventsapp.domain.vocabulary import EventStatus, LetterKind, PlaceState, QuestionType
from eventsapp.models import Base, Event, Message, Occurrence, Organization, Place, Revision
from eventsapp.queries.record import record_of
from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.record import read_bytes
from eventsapp.reading.values import EventRecord
from eventsapp.reading.writing import write_record
from tests.actions.test_pictures import jpeg
from tests.reading.records import occurrence, read, record, text_of
from tests.reading.strategies import records
from tests.reading.test_record import worked_example

LATER = timedelta(days=1)


@pytest.fixture
def take(app, settings, now):
    """Import a record (its values, its text or as it is) in a transaction of its own; ``later`` counts days."""

    def take(said, later: int = 0) -> ImportReport:
        said = read(said) if isinstance(said, (dict, str)) else said
        with transaction() as session:
            return import_record(session, said, now=now + later * LATER, settings=settings)

    return take


@pytest.fixture
def stored(session):
    """The event as it is in the database now."""

    def stored(slug: str = "forum") -> Event:
        session.expire_all()
        return session.scalars(select(Event).where(Event.slug == slug)).one()

    return stored


def contents(session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    session.expire_all()
    return {
        table.name: [tuple(row) for row in session.execute(table.select().order_by(*table.primary_key))]
        for table in Base.metadata.sorted_tables
    }


def test_the_worked_example_becomes_an_event(take, stored, now, settings):
    report = take(worked_example())
    assert report == ImportReport("public-forum", created=True, changes=(), notes=())
    event = stored("public-forum")
    assert event.organization.name == "Example League (International)"
    assert (event.status, event.published_at, event.version) == (EventStatus.PUBLISHED, now, 1)
    english, spanish = event.occurrences
    assert english.starts_at.isoformat() == "2027-06-12T23:00:00+00:00"
    assert spanish.ends_at.isoformat() == "2027-06-28T01:30:00+00:00"
    assert event.opens_at.isoformat() == "2027-05-01T16:00:00+00:00"
    assert [variant.language_tag for variant in event.variants] == ["en", "es"]
    for one in event.occurrences:
        assert (one.sequence, one.created_at, one.revised_at) == (0, now, now)
        name, host = one.uid.split("@")
        assert (UUID(name).version, host) == (4, settings.host)


def test_importing_again_changes_nothing(take, session):
    take(worked_example())
    before = contents(session)
    report = take(worked_example(), later=1)
    assert report == ImportReport("public-forum", created=False, changes=(), notes=())
    assert contents(session) == before


def in_order(keys: tuple[str, ...] | None, record: EventRecord) -> tuple[str, ...] | None:
    """An export names dates in their order in time."""
    return keys and tuple(one.id for one in record.occurrences if one.id in keys)


@examples(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said=records())
def test_export_and_import_lose_nothing(said, session, take, stored):
    with transaction():
        for row in session.scalars(select(Event)).all():
            session.delete(row)
        session.flush()
        for row in session.scalars(select(Organization)).all():
            session.delete(row)
    take(said)
    exported = record_of(stored())
    before = contents(session)
    text = write_record(exported)
    assert exported == replace(
        said,
        organization=exported.organization,
        occurrences=exported.occurrences,
        team=tuple(replace(one, occurrences=in_order(one.occurrences, exported)) for one in said.team),
        status=said.status or EventStatus.PUBLISHED,
    )
    assert sorted(exported.occurrences, key=str) == sorted(said.occurrences, key=str)
    assert read_bytes(text.encode(), "x.yaml") == exported
    assert take(text, later=1).changes == ()
    assert contents(session) == before
    assert write_record(record_of(stored())) == text


def test_an_export_makes_the_same_event_in_an_empty_database(take, stored, session):
    take(worked_example())
    text = write_record(record_of(stored("public-forum")))
    with transaction():
        session.delete(stored("public-forum"))
        session.flush()
        session.delete(session.scalars(select(Organization)).one())
    assert take(text).created
    assert write_record(record_of(stored("public-forum"))) == text


# What is created


def test_an_unknown_organization_is_created_from_its_slug_or_name(take, stored):
    take(record(organization="liga-de-ejemplo"))
    organization = stored().organization
    assert (organization.slug, organization.name) == ("liga-de-ejemplo", "Liga De Ejemplo")
    assert (organization.default_language_tag, organization.default_tzid) == ("en", "America/Los_Angeles")
    take(record(slug="other", organization="Liga de Ejemplo"))
    assert stored("other").organization is stored().organization
    assert stored().organization.name == "Liga De Ejemplo"


def test_what_a_record_does_not_say_of_an_organization_stays(take, stored):
    take(record(organization={"slug": "league", "name": "The League", "accent": "0b6b5c", "contact": "a@example.org"}))
    take(record(organization="league"))
    take(record(slug="other", organization={"slug": "league", "contact": "", "retention_days": "30"}))
    organization = stored().organization
    assert (organization.name, organization.accent) == ("The League", "#0b6b5c")
    assert (organization.contact, organization.retention_days) == ("", 30)


@pytest.mark.parametrize(
    ("status", "times"), [(None, (True, False)), ("draft", (False, False)), ("cancelled", (True, True))]
)
def test_a_new_event_is_published_unless_it_says_otherwise(take, stored, now, status, times):
    take(record(status=status))
    event = stored()
    assert (event.published_at == now, event.cancelled_at == now) == times


def test_a_status_is_set_once_and_stays_where_it_is_left_out(take, stored, now):
    take(record(status="draft"))
    assert take(record(), later=1).changes == ()
    assert stored().status is EventStatus.DRAFT
    assert take(record(status="published"), later=2).changes == ("status",)
    take(record(status="published"), later=3)
    take(record(), later=4)
    assert stored().published_at == now + 2 * LATER
    take(record(status="cancelled"), later=5)
    take(record(status="cancelled"), later=6)
    assert (stored().published_at, stored().cancelled_at) == (now + 2 * LATER, now + 5 * LATER)
    take(record(status="published"), later=7)
    assert (stored().published_at, stored().cancelled_at) == (now + 2 * LATER, None)


# What an update tells calendars

ROOM = {"meeting_id": "858 3554 9492", "passcode": "191837", "access": "registered"}
BASE = {"conference": ROOM, "location": {"en": "Street 1"}, "language": "en", "capacity": "10"}


def changed(**changes):
    return record(occurrences=[occurrence(**(BASE | changes))])


FIRM = [
    changed(start="2027-06-12 17:00"),
    changed(duration="PT2H"),
    changed(tzid="America/Mexico_City"),
    changed(location={"en": "Street 2"}),
    changed(location=None),
    changed(status="cancelled"),
    changed(conference=ROOM | {"access": "public"}),
    changed(conference=None),
    changed() | {"languages": {"en": "Another title"}},
    changed() | {"status": "cancelled"},
]
MILD = [
    changed() | {"languages": {"en": {"summary": "Public forum", "description": "New"}}},
    changed() | {"languages": {"en": {"summary": "Public forum", "what_to_bring": "Pen"}}},
    changed() | {"topics": ["new"]},
    changed() | {"topics": [{"en": "new"}]},
    changed(language=None),
]
QUIET = [
    changed(capacity="11"),
    changed(join_opens="PT30M"),
    changed(registration="none"),
    changed(conference=ROOM | {"passcode": "other"}),
    changed(conference=ROOM | {"meeting_id": "823 1456 7890"}),
    changed() | {"contact": "ana@example.org"},
    changed() | {"visibility": "unlisted"},
    changed() | {"registration": {"waitlist": "true"}},
    changed() | {"registration": {"verify": {"within": "PT2H"}}},
    changed() | {"registration": {"questions": [{"id": "a", "type": "date", "label": "A"}]}},
    changed() | {"cities": ["Madrid"]},
    changed(recording="https://video.example.org/1"),
    changed() | {"languages": {"en": {"summary": "Public forum", "excerpt": "New"}}},
]


@pytest.mark.parametrize(
    ("after", "told"),
    [*[(after, (1, 1)) for after in FIRM], *[(after, (0, 1)) for after in MILD], *[(after, (0, 0)) for after in QUIET]],
)
def test_the_sequence_rises_with_what_calendars_must_move(take, stored, now, after, told):
    sequence, days = told
    take(changed())
    uid = stored().occurrences[0].uid
    report = take(after, later=1)
    assert len(report.changes) >= 1
    event = stored()
    (one,) = event.occurrences
    assert (one.uid, one.sequence, one.revised_at) == (uid, sequence, now + days * LATER)
    assert (event.version, event.changed_at) == (2, now + LATER)
    take(after, later=2)
    assert (stored().occurrences[0].sequence, stored().version) == (sequence, 2)


def test_a_room_that_everybody_sees_is_told_to_calendars(take, stored, now):
    public = ROOM | {"access": "public"}
    take(changed(conference=public))
    take(changed(conference=public | {"passcode": "other"}), later=1)
    (one,) = stored().occurrences
    assert (one.sequence, one.revised_at) == (1, now + LATER)


def test_a_draft_has_no_calendars_to_tell(take, stored, now):
    take(changed() | {"status": "draft"})
    take(changed(start="2027-06-12 17:00"), later=1)
    (one,) = stored().occurrences
    assert (one.sequence, one.revised_at) == (0, now + LATER)
    assert one.starts_at.isoformat() == "2027-06-13T00:00:00+00:00"


def test_only_the_occurrence_that_changed_is_told(take, stored, now):
    take(record(occurrences=[occurrence(), occurrence(id="two")]))
    report = take(record(occurrences=[occurrence(), occurrence(id="two", start="2027-06-13 16:00")]), later=1)
    assert report.changes == ("occurrences.two.start",)
    assert [(one.key, one.sequence) for one in stored().occurrences] == [("one", 0), ("two", 1)]


def test_what_did_not_move_keeps_its_instants_when_a_law_has_changed(take, stored, session):
    take(record())
    with transaction():
        (one,) = stored().occurrences
        one.starts_at -= timedelta(hours=1)
        one.ends_at -= timedelta(hours=1)
    take(record(contact="ana@example.org"))
    assert stored().occurrences[0].starts_at.isoformat() == "2027-06-12T22:00:00+00:00"


def test_languages_questions_letters_and_occurrences_come_and_go(take, stored):
    both = {"en": "Forum", "es": "Foro"}
    asked = [
        {"id": "a", "type": "short_text", "label": "A"},
        {"id": "b", "type": "single_choice", "label": "B", "options": ["x", "y"]},
    ]
    take(
        record(
            languages=both,
            default_language="en",
            registration={"questions": asked},
            letters={"confirmation": {"en": "Hello", "es": "Hola"}},
            occurrences=[occurrence(), occurrence(id="two")],
        )
    )
    report = take(
        record(
            languages={"es": "Foro", "fr": "Forum"},
            default_language="es",
            registration={"questions": [asked[1] | {"label": "B?"}, {"id": "c", "type": "date", "label": "C"}]},
            letters={"confirmation": {"es": "Buenas"}, "pending": {"fr": "Bonjour"}},
            occurrences=[occurrence(id="two"), occurrence(id="three")],
        ),
        later=1,
    )
    event = stored()
    assert [(words.language_tag, words.summary) for words in event.variants] == [("es", "Foro"), ("fr", "Forum")]
    assert [(q.key, q.type, q.label) for q in event.questions] == [
        ("b", QuestionType.SINGLE_CHOICE, {"es": "B?"}),
        ("c", QuestionType.DATE, {"es": "C"}),
    ]
    assert {(text.kind, text.language_tag, text.body) for text in event.letter_texts} == {
        (LetterKind.CONFIRMATION, "es", "Buenas"),
        (LetterKind.PENDING, "fr", "Bonjour"),
    }
    assert sorted(one.key for one in event.occurrences) == ["three", "two"]
    assert {
        "languages.en",
        "languages.fr",
        "registration.questions.a",
        "registration.questions.c",
        "letters.confirmation.en",
        "letters.confirmation.es.body",
        "letters.pending.fr",
        "occurrences.one",
        "occurrences.three",
    } <= set(report.changes)


def test_notes_name_missing_translations(take):
    report = take(record(languages={"en": {"summary": "Forum", "excerpt": "x"}, "es": "Foro"}, default_language="en"))
    assert report.notes == ("languages.es.excerpt is missing; en has it.",)


# What is refused


def refusal(take, session, said):
    before = contents(session)
    with pytest.raises(RecordRefused) as refused:
        take(said, later=1)
    assert contents(session) == before
    return [(mistake.line, mistake.key, mistake.message) for mistake in refused.value.mistakes]


def test_the_slug_of_another_organizations_event_is_refused(take, session):
    take(record())
    assert refusal(take, session, record(organization="other-league")) == [
        (2, "slug", "Another organization has an event forum; choose another slug.")
    ]


def test_an_occurrence_that_has_places_cannot_be_left_out(take, session, stored, make):
    take(record(occurrences=[occurrence(), occurrence(id="two")]))
    make.registration(stored(), places={"one": PlaceState.CANCELLED})
    assert refusal(take, session, record(occurrences=[occurrence(id="two")])) == [
        (7, "occurrences", "one is left out, but 1 person has a place in it; keep it with status: cancelled.")
    ]
    take(record(occurrences=[occurrence(status="cancelled")]))
    assert [(one.key, one.cancelled_at is not None) for one in stored().occurrences] == [("one", True)]


def test_what_people_answered_stays_answerable(take, session, stored, make):
    choice = {"id": "c", "type": "several_choices", "label": "C", "options": ["x", "y"]}
    text = {"id": "t", "type": "short_text", "label": "T"}
    take(record(registration={"questions": [choice, text, {"id": "n", "type": "number", "label": "N"}]}))
    make.registration(stored(), answers={"c": ["x", "y"], "t": "hello"}, places={})
    make.registration(stored(), answers={"t": "world"}, places={})
    asked = [choice | {"type": "single_choice"}, text | {"type": "number"}]
    assert refusal(take, session, record(registration={"questions": asked})) == [
        (
            15,
            "registration.questions[0].type",
            "1 person has answered this as several_choices; keep the type, or ask under a new id.",
        ),
        (
            21,
            "registration.questions[1].type",
            "2 people have answered this as short_text; keep the type, or ask under a new id.",
        ),
    ]
    assert refusal(take, session, record(registration={"questions": [choice]})) == [
        (13, "registration.questions", "t is left out, but 2 people have answered it; keep it.")
    ]
    take(record(registration={"questions": [choice | {"options": ["y", "x"]}, text | {"type": "long_text"}]}))
    assert [(q.key, q.type) for q in stored().questions] == [
        ("c", QuestionType.SEVERAL_CHOICES),
        ("t", QuestionType.LONG_TEXT),
    ]


def test_what_an_event_asks_for_beyond_a_name_is_stored(take, stored):
    asked = [
        {
            "id": "c",
            "type": "single_choice",
            "label": "C",
            "options": [
                "x",
                {"id": "y", "label": "Y", "other": "yes"},
                {"id": "z", "label": "Z", "limit": "0"},
            ],
        },
        {"id": "d", "type": "consent", "label": "D", "only_if": {"question": "c", "is": ["y", "x"]}},
    ]
    extra = {"registration": {"questions": asked, "verify": "PT1H"}, "cities": ["Madrid", "Los Angeles"]}
    said = changed(recording={"en": "https://video.example.org/1"}) | extra
    take(said)
    event = stored()
    assert (event.verify_seconds, event.city_tzids) == (3600, ["Europe/Madrid", "America/Los_Angeles"])
    assert event.occurrences[0].recording == {"en": "https://video.example.org/1"}
    choice, consent = event.questions
    assert choice.options == [
        {"id": "x", "label": {"en": "x"}},
        {"id": "y", "label": {"en": "Y"}, "other": True},
        {"id": "z", "label": {"en": "Z"}, "limit": 0},
    ]
    assert (choice.only_if, consent.only_if) == ([], [{"question": "c", "is": ["y", "x"]}])
    assert take(said, later=1).changes == ()
    assert take(changed(), later=2).changes == (
        "cities",
        "registration.verify",
        "registration.questions.c",
        "registration.questions.d",
        "occurrences.one.recording",
    )
    event = stored()
    assert (event.verify_seconds, event.city_tzids, event.occurrences[0].recording) == (None, [], {})


def test_answers_stay_when_options_and_conditions_change(take, session, stored, make, now):
    """Options may go although people chose them; the report says so once, and the label comes back with the option."""
    choice = {"id": "c", "type": "single_choice", "label": "C", "options": ["w", "x", "y", "z"]}
    several = {"id": "s", "type": "several_choices", "label": "S", "options": ["p", "q"]}
    text = {"id": "t", "type": "short_text", "label": "T"}
    take(record(registration={"questions": [choice, several, text]}))
    given = [
        {"c": "x", "s": ["p", "q"], "t": "hello"},
        {"c": {"chosen": ["y"], "said": "mine"}, "s": {"chosen": ["p"], "said": "p?"}},
        {"c": "x"},
    ]
    for answers in given:
        registration = make.registration(stored(), places={})
        with transaction() as writing:
            settle_answers(writing, stored(), writing.merge(registration), answers, now=now)

    def rows():
        kept = contents(session)
        return kept["answer"], kept["chosen_option"]

    before = rows()
    fewer = [
        several | {"options": [{"id": "q", "label": "Q", "limit": "0"}]},
        choice | {"options": ["z", {"id": "y", "label": "Y", "other": "true"}]},
        text | {"only_if": {"question": "c", "is": "z"}, "required": "true"},
    ]
    report = take(record(registration={"questions": fewer}), later=1)
    assert report.notes == (
        "registration.questions[1].options: x is left out, but 2 people have chosen it; their answers stay.",
        "registration.questions[0].options: p is left out, but 2 people have chosen it; their answers stay.",
    )
    assert "registration.questions.t.only_if" in report.changes
    assert rows() == before
    assert len(before[1]) == 6
    again = take(record(registration={"questions": fewer}), later=2)
    assert (again.changes, again.notes) == ((), ())


def test_two_imports_of_one_new_slug_end_with_one_event(session, settings, now):
    """On SQLite the second waits for the first; on PostgreSQL it comes to the same row and is told to try again."""
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("writers queue")
    said = read(record())

    def somebody_else_is_first(*_args):
        with Session(for_writing()) as other:
            import_record(other, said, now=now, settings=settings)
            other.commit()

    with transaction() as writing:
        listen(writing, "before_flush", somebody_else_is_first, once=True)
        with pytest.raises(RecordRefused, match="import the file again"):
            import_record(writing, said, now=now, settings=settings)
    with transaction() as writing:
        assert not import_record(writing, said, now=now, settings=settings).created


def test_several_files_are_taken_over_all_or_none(app, session, settings, now, tmp_path):
    good, bad, worse = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    good.write_text(text_of(record()))
    bad.write_text(text_of(record(slug="Bad", status="x")))
    worse.write_text("a: [")
    before = contents(session)
    with pytest.raises(RecordRefused) as refused, transaction() as writing:
        import_files(writing, [good, bad, worse], now=now, settings=settings)
    assert [(mistake.file, mistake.key) for mistake in refused.value.mistakes] == [
        (str(bad), "slug"),
        (str(bad), "status"),
        (str(worse), ""),
    ]
    assert contents(session) == before
    with transaction() as writing:
        (report,) = import_files(writing, [good], now=now, settings=settings)
    assert report.created


def test_files_may_build_upon_what_is_stored_of_their_organization(app, settings, now, tmp_path, stored):
    league = {"slug": "league", "default_tzid": "Asia/Tokyo", "conference_hosts": ["example.org"]}
    room = {"url": "https://meet.example.org/forum"}
    (tmp_path / "1.yaml").write_text(text_of(record(organization=league)))
    (tmp_path / "2.yaml").write_text(
        text_of(record(slug="two", organization="league", occurrences=[occurrence(tzid=None, conference=room)]))
    )
    with transaction() as session:
        import_files(session, [tmp_path / "1.yaml", tmp_path / "2.yaml"], now=now, settings=settings)
    (one,) = stored("two").occurrences
    assert (one.tzid, one.conference.url) == ("Asia/Tokyo", "https://meet.example.org/forum")


# Places


def test_raising_a_capacity_lets_the_queue_move_up(take, session, stored, make):
    waiting = {"registration": {"waitlist": "true"}}
    take(changed(capacity="1") | waiting)
    make.registration(stored(), places={"one": PlaceState.CONFIRMED})
    make.registration(stored(), places={"one": PlaceState.WAITLISTED})
    make.registration(stored(), places={"one": PlaceState.WAITLISTED})
    assert take(changed(capacity="1") | waiting).promoted == 0
    assert take(changed(capacity="2") | waiting).promoted == 1
    session.expire_all()
    states = session.scalars(select(Place.state).order_by(Place.id)).all()
    assert states == [PlaceState.CONFIRMED, PlaceState.CONFIRMED, PlaceState.WAITLISTED]
    assert take(changed(capacity=None) | waiting).promoted == 1


def test_calling_off_by_a_record_writes_no_letter(take, session, stored, make):
    take(record())
    make.registration(stored(), places={"one": PlaceState.CONFIRMED})
    take(record(status="cancelled"))
    assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert session.scalars(select(Place.state)).all() == [PlaceState.CONFIRMED]


# Pictures


def test_a_picture_beside_the_record_is_kept_once(settings, now, tmp_path, stored):
    (tmp_path / "forum.jpg").write_bytes(jpeg(40, 30))

    def take(text: str) -> tuple[str, ...]:
        (tmp_path / "forum.yaml").write_text(text)
        with transaction() as session:
            (report,) = import_files(session, [tmp_path / "forum.yaml"], now=now, settings=settings)
        return report.changes

    take(text_of(record(picture="forum.jpg")))
    assert [file.name for file in settings.pictures_path.iterdir()] == [stored().picture]
    assert take(text_of(record(picture="forum.jpg"))) == ()
    assert take(write_record(record_of(stored()))) == ()
    assert take(text_of(record())) == ("picture",)
    assert stored().picture == ""


def test_a_picture_that_is_none_or_lies_elsewhere_is_refused(app, settings, now, tmp_path, session):
    folder = tmp_path / "records"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "text.png").write_text("no picture")
    (folder / "circle.png").symlink_to(folder / "circle.png")
    path = folder / "forum.yaml"
    for name, words in (
        ("missing.png", "There is no picture missing.png beside the record."),
        ("circle.png", "There is no picture circle.png beside the record."),
        ("長" * 200, "There is no picture " + "長" * 200 + " beside the record."),
        ("link.png", "There is no picture link.png beside the record."),
        ("text.png", "text.png is no whole PNG, JPEG or WebP picture; save it again in one of these formats."),
        ("0" * 32 + ".png", "There is no picture " + "0" * 32 + ".png beside the record."),
    ):
        path.write_text(text_of(record(picture=name)))
        with pytest.raises(RecordRefused) as refused, transaction() as writing:
            import_files(writing, [path], now=now, settings=settings)
        assert [(mistake.key, mistake.message) for mistake in refused.value.mistakes] == [("picture", words)]
    assert session.scalar(select(func.count()).select_from(Occurrence)) == 0
    assert not settings.pictures_path.exists()


def test_an_import_says_of_what_calendars_have_to_hear_and_writes_to_nobody(take, stored, make, session):
    take(record())
    make.registration(stored(), email="zoe@example.org")
    assert take(record(occurrences=[occurrence(capacity=7)])).revised == ()
    assert take(record(occurrences=[occurrence(status="cancelled")])).revised == ("one",)
    assert session.scalars(select(Message)).all() == []


def test_a_change_is_one_sequence_however_many_keys_it_has(take, stored, make, session):
    take(record())
    make.registration(stored(), email="zoe@example.org")
    with transaction() as writing:
        writing.scalars(select(Place)).one().plan_at = None
    everything = record(
        occurrences=[occurrence(start="2027-06-13 17:00", duration="PT2H", location="Hall 2")],
        languages={"en": {"summary": "Open forum"}},
    )
    assert take(everything).revised == ("one",)
    one = stored().occurrences[0]
    assert (one.sequence, one.timed_at) == (1, one.revised_at)
    place = session.scalars(select(Place)).one()
    assert (place.plan_at, place.told_sequence) == (one.revised_at, 0)
    assert sorted(session.scalars(select(Revision.sequence))) == [0, 1]


def test_what_is_rehearsed_keeps_no_picture(app, settings, now, tmp_path):
    (tmp_path / "forum.jpg").write_bytes(jpeg(8, 8))
    path = tmp_path / "forum.yaml"
    path.write_text(text_of(record(picture="forum.jpg")))
    with transaction() as writing:
        (report,) = import_files(writing, [path], now=now, settings=settings, rehearse=True)
        writing.rollback()
    assert report.created
    assert not settings.pictures_path.exists()
