# ruff: noqa: DTZ001  wall times, which stand beside their tzid
"""The list of events, a new one, a copy, one at a glance, and what becomes of it."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from eventsapp.actions.tell import plan_changes
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import EventStatus, LetterKind, MessageState, PlaceState, Role, Visibility
from eventsapp.models import AuditEntry, Conference, Event, Message, Occurrence, Registration, Revision
from eventsapp.web.pages import settings
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

EVENTS, FORUM = "/o/example-league/events", "/o/example-league/events/forum"
NEW = {
    "title": "Übung im Café",
    "language": "de",
    "date": "2026-06-27",
    "time": "17:00",
    "zone": "Berlin",
    "length": "1:30",
    "address": "",
}


@pytest.fixture
def forum(make):
    return make.event()


@pytest.fixture
def owner(desk, make, forum):
    return desk(make.member(forum.organization, tzid="Europe/Berlin"))


def event_of(slug):
    db.session.expire_all()
    return db.session.scalar(select(Event).where(Event.slug == slug))


def titles(page):
    """The rows of the list, in its order."""
    return re.findall(r'<th scope="row"><a href="[^"]*/events/([^"/]+)"', page.text)


def trail():
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def past(month=1):
    return [{"key": "past", "dtstart_local": datetime(2026, month, 1, 10, 0)}]


class TestTheList:
    def test_it_goes_by_the_next_date_and_then_back_in_time(self, owner, make, now):
        make.event("soon", occurrences=[{"key": "one", "dtstart_local": datetime(2026, 3, 9, 10, 0)}])
        make.event("long-ago", occurrences=past(1))
        make.event("lately", occurrences=past(2))
        make.event("gone", archived_at=now)
        assert titles(owner.get(EVENTS)) == ["soon", "forum", "lately", "long-ago"]

    def test_each_state_finds_its_own(self, owner, make, now):
        make.event("idea", published_at=None)
        make.event("off", cancelled_at=now)
        make.event("quiet", visibility=Visibility.UNLISTED)
        make.event("over", occurrences=past())
        make.event("gone", archived_at=now)
        found = {
            "draft": ["idea"],
            "published": ["forum"],
            "unlisted": ["quiet"],
            "cancelled": ["off"],
            "past": ["over"],
            "archived": ["gone"],
            "nonsense": ["forum", "idea", "off", "quiet", "over"],
        }
        assert {state: sorted(titles(owner.get(EVENTS, state=state))) for state in found} == {
            state: sorted(slugs) for state, slugs in found.items()
        }

    def test_words_are_looked_for_in_titles_of_every_language(self, owner, make):
        make.event("übung", languages={"de": "Übung am Fluß", "en": "100% practice"})
        asked = {q: titles(owner.get(EVENTS, q=q)) for q in ("foro PÚBLICO", "übung", "100%", "1%0", "_", "absent")}
        assert {q: len(found) for q, found in asked.items()} == {
            "foro PÚBLICO": 1, "übung": 1, "100%": 1, "1%0": 0, "_": 0, "absent": 0,
        }  # fmt: skip

    def test_a_row_counts_places_of_the_dates_to_come(self, owner, make, forum):
        for state in (PlaceState.CONFIRMED, PlaceState.CONFIRMED, PlaceState.PENDING, PlaceState.WAITLISTED):
            make.registration(forum, places={"english": state})
        amounts = re.findall(r'<td class="amount[^>]*>(.*?)</td>', owner.get(EVENTS).text)
        assert amounts == ["2", "1", "1"]

    def test_three_events_take_no_more_statements_than_one(self, owner, make, forum):
        def asked():
            with statements() as seen:
                owner.get(EVENTS)
            return len(seen)

        make.registration(forum)
        one = asked()
        for slug in ("two", "three"):
            make.registration(make.event(slug))
        assert asked() == one

    def test_a_page_that_is_not_there_is_the_last_one(self, owner):
        assert [titles(owner.get(EVENTS, page=page)) for page in ("9", "0", "-1", "x")] == [["forum"]] * 4

    def test_a_limited_member_sees_their_events_alone_and_makes_none(self, desk, make, forum):
        mine = make.event("mine")
        limited = desk(make.member(forum.organization, Role.MANAGER, events=[mine]))
        page = limited.get(EVENTS)
        assert (titles(page), "new-event" in page.text) == (["mine"], False)
        assert limited.get("/o/example-league/new-event").status_code == 403
        assert limited.post(f"{EVENTS}/mine/duplicate", {"date": "2026-07-01"}).status_code == 403


class TestANewEvent:
    def test_it_is_a_draft_with_one_date(self, owner):
        answer = owner.post("/o/example-league/new-event", NEW)
        assert (answer.status_code, answer.location) == (303, "/organizer/o/example-league/events/ubung-im-cafe")
        made = event_of("ubung-im-cafe")
        (date,) = made.occurrences
        assert (made.status, made.default_language_tag, made.variants[0].summary) == (
            EventStatus.DRAFT, "de", "Übung im Café",
        )  # fmt: skip
        assert (date.key, date.dtstart_local, date.tzid, date.duration_seconds) == (
            "2026-06-27", datetime(2026, 6, 27, 17, 0), "Europe/Berlin", 5400,
        )  # fmt: skip
        assert trail() == ["event_created"]
        assert owner.client.get("/events/ubung-im-cafe").status_code == 404
        assert "Nobody else sees it until you publish it" in owner.get(f"{EVENTS}/ubung-im-cafe").text

    def test_a_second_one_of_the_same_name_has_an_address_of_its_own(self, owner):
        slugs = [owner.post("/o/example-league/new-event", NEW | {"title": "Forum"}).location for _ in range(2)]
        assert [slug.rpartition("/")[2] for slug in slugs] == ["forum-2", "forum-3"]
        assert [variant.summary for variant in event_of("forum").variants] == ["Public forum", "Foro público"]

    def test_what_is_missing_is_said_and_the_rest_is_kept(self, owner):
        page = owner.post("/o/example-league/new-event", NEW | {"title": " ", "date": "soon", "zone": "Atlantis"})
        assert page.status_code == 422
        assert page.text.count('class="error"') == 3
        assert 'value="Atlantis"' in page.text

    def test_a_time_that_comes_twice_is_asked_about(self, owner):
        typed = NEW | {"date": "2026-10-25", "time": "02:30"}
        page = owner.post("/o/example-league/new-event", typed)
        ways = re.findall(r'name="meant" value="([^"]+)"', page.text)
        assert (page.status_code, len(ways)) == (422, 2)
        stale = owner.post("/o/example-league/new-event", typed | {"meant": "2020-01-01T00:00:00+00:00"})
        assert stale.status_code == 422
        assert owner.post("/o/example-league/new-event", typed | {"meant": ways[1]}).status_code == 303
        (date,) = event_of("ubung-im-cafe").occurrences
        assert (date.fold, date.starts_at.isoformat()) == (1, "2026-10-25T01:30:00+00:00")

    def test_a_time_that_does_not_exist_is_asked_about(self, owner):
        typed = NEW | {"date": "2026-03-29", "time": "02:30"}
        ways = re.findall(r'name="meant" value="([^"]+)"', owner.post("/o/example-league/new-event", typed).text)
        assert owner.post("/o/example-league/new-event", typed | {"meant": ways[1]}).status_code == 303
        (date,) = event_of("ubung-im-cafe").occurrences
        assert date.dtstart_local in (datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 3, 30))


class TestACopy:
    @pytest.fixture
    def workshop(self, make):
        tz = {"tzid": "Europe/Berlin"}
        dates = [
            dict(IN_ENGLISH) | tz | {"key": "2026-06-13", "recording": {"": "https://example.org/film"}},
            dict(IN_SPANISH) | tz | {"key": "spanish", "dtstart_local": datetime(2026, 6, 28, 2, 30)},
        ]
        questions = [{"key": "diet"}]
        return make.event("workshop", occurrences=dates, questions=questions, organization=None)

    def test_it_moves_all_dates_by_the_same_days_and_takes_no_room_along(self, owner, make, workshop):
        make.staff(workshop)
        make.registration(workshop)
        answer = owner.post(f"{EVENTS}/workshop/duplicate", {"date": "2026-09-12"})
        assert answer.location == "/organizer/o/example-league/events/public-forum"
        copy = event_of("public-forum")
        assert [(one.key, one.dtstart_local) for one in copy.occurrences] == [
            ("2026-09-12", datetime(2026, 9, 12, 16, 0)),
            ("spanish", datetime(2026, 9, 27, 2, 30)),
        ]
        rooms = [one.conference for one in copy.occurrences]
        assert [(room.url, room.meeting_id, room.passcode, room.kind.value, room.access.value) for room in rooms] == [
            ("", "", "", "meeting", "public"),
            ("", "", "", "webinar", "registered"),
        ]
        assert (copy.status, copy.team, [one.recording for one in copy.occurrences]) == (
            EventStatus.DRAFT,
            [],
            [{}, {}],
        )
        assert [one.key for one in copy.questions] == ["diet"]
        assert not db.session.scalars(select(Registration).where(Registration.event_id == copy.id)).all()
        assert not db.session.scalars(select(Message)).all()

    def test_hosts_come_along_where_that_is_wished(self, owner, make, workshop):
        make.staff(workshop, keys=["spanish"])
        owner.post(f"{EVENTS}/workshop/duplicate", {"date": "2026-09-12", "staff": "yes"})
        (host,) = event_of("public-forum").team
        assert [one.occurrence.key for one in host.assignments] == ["spanish"]

    @pytest.mark.usefixtures("workshop")
    def test_a_date_that_comes_into_a_clock_change_is_asked_about(self, owner):
        typed = {"date": "2026-10-10"}
        page = owner.post(f"{EVENTS}/workshop/duplicate", typed)
        names = re.findall(r'name="(meant:[^"]+)" value="([^"]+)"', page.text)
        assert (page.status_code, [name for name, _ in names]) == (422, ["meant:occurrences.spanish"] * 2)
        assert owner.post(f"{EVENTS}/workshop/duplicate", typed | dict([names[1]])).status_code == 303
        assert [one.fold for one in event_of("public-forum").occurrences] == [0, 1]

    @pytest.mark.usefixtures("workshop")
    def test_no_day_and_no_year_of_anybody_is_refused(self, owner):
        pages = [owner.post(f"{EVENTS}/workshop/duplicate", {"date": day}) for day in ("", "9999-12-31", "2026-13-01")]
        assert [page.status_code for page in pages] == [422] * 3


class TestOneEvent:
    def test_what_wants_attention_comes_first(self, owner, make, forum):
        make.registration(forum, places={"english": PlaceState.PENDING})
        page = owner.get(FORUM)
        assert "1 application waits for your decision." in page.text
        assert page.text.index("attention") < page.text.index('id="dates"')
        assert "https://events.example.org/es/events/forum" in page.text

    def test_an_assistant_sees_and_changes_nothing(self, desk, make, forum):
        assistant = desk(make.member(forum.organization, Role.ASSISTANT))
        page = assistant.get(FORUM)
        assert (page.status_code, page.text.count('method="post" action="/organizer/o/example-league/events')) == (
            200,
            0,
        )
        doors = ("list", "unlist", "withdraw", "cancel", "put-back", "tell", "archive", "restore", "delete", "check")
        assert {assistant.post(f"{FORUM}/{door}").status_code for door in doors} == {403}

    def test_it_is_unlisted_listed_and_made_a_draft_again(self, owner):
        seen = []
        for door in ("unlist", "list", "withdraw"):
            assert owner.post(f"{FORUM}/{door}").status_code == 303
            event = event_of("forum")
            seen.append((event.visibility.value, event.status.value))
        assert seen == [("unlisted", "published"), ("public", "published"), ("public", "draft")]

    def test_no_draft_is_made_of_what_people_hold_places_in(self, owner, make, forum):
        make.registration(forum)
        assert owner.post(f"{FORUM}/withdraw").status_code == 422
        assert event_of("forum").status is EventStatus.PUBLISHED

    def test_cancelling_names_the_people_asks_and_is_told_once(self, owner, make, forum):
        for tag in ("es", "en", "en"):
            make.registration(forum, language_tag=tag)
        assert "3 people hold a place." in owner.get(f"{FORUM}/cancel").text
        asked = owner.post(f"{FORUM}/cancel")
        assert (asked.status_code, event_of("forum").status) == (200, EventStatus.PUBLISHED)
        assert "Tell 3 people?" in asked.text
        assert owner.post(f"{FORUM}/cancel", {"tell": "yes"}).status_code == 303
        event = event_of("forum")
        assert event.status is EventStatus.CANCELLED
        with transaction() as session:
            later = event.cancelled_at + timedelta(seconds=settings().change_delay)
            while plan_changes(session, now=later, settings=settings()):
                pass
        assert [one.kind for one in db.session.scalars(select(Message))] == [LetterKind.CANCELLED] * 3

    def test_what_was_changed_quietly_is_told_afterwards(self, owner, make, forum):
        make.registration(forum)
        owner.post(f"{FORUM}/cancel", {"tell": "no"})
        assert "1 person does not know of a change yet." in owner.get(FORUM).text
        assert "Foro público" in owner.get(f"{FORUM}/tell").text
        assert not db.session.scalars(select(Message)).all()
        assert owner.post(f"{FORUM}/tell").status_code == 303
        assert [one.tell_at is not None for one in event_of("forum").occurrences] == [False, True]
        assert trail() == ["event_edited", "people_told"]

    def test_a_cancelled_event_is_put_back(self, owner):
        owner.post(f"{FORUM}/cancel")
        assert owner.post(f"{FORUM}/put-back").status_code == 303
        assert event_of("forum").status is EventStatus.PUBLISHED

    def test_the_archive_takes_it_out_of_sight_and_gives_it_back(self, owner):
        owner.post(f"{FORUM}/archive")
        assert (titles(owner.get(EVENTS)), owner.client.get("/events/forum").status_code) == ([], 200)
        owner.post(f"{FORUM}/archive")
        owner.post(f"{FORUM}/restore")
        assert titles(owner.get(EVENTS)) == ["forum"]
        assert trail() == ["event_archived", "event_restored"]

    def test_letters_in_trouble_are_counted(self, owner, make, forum, now):
        registration = make.registration(forum)
        with transaction() as session:
            for number, state in enumerate((MessageState.FAILED, MessageState.BOUNCED, MessageState.SENT)):
                values = dict.fromkeys(("public_id", "message_id", "dedupe_key"), str(number))
                session.add(
                    Message(
                        registration_id=registration.id,
                        kind=LetterKind.CONFIRMATION,
                        language_tag="en",
                        state=state,
                        due_at=now,
                        created_at=now,
                        **values,
                    )
                )
        page = owner.get(FORUM).text
        assert ("1 letter could not be sent." in page, "1 letter came back." in page) == (True, True)


class TestDeleting:
    def test_a_draft_is_deleted_with_all_that_hangs_on_it(self, owner, make):
        draft = make.event("draft", published_at=None, questions=[{"key": "diet"}])
        make.staff(draft)
        assert "for good" in owner.get(f"{EVENTS}/draft/delete").text
        assert owner.post(f"{EVENTS}/draft/delete").location == "/organizer/o/example-league/events"
        assert event_of("draft") is None
        counted = [len(db.session.scalars(select(table)).all()) for table in (Occurrence, Conference, Revision)]
        assert counted == [2, 2, 2]
        assert trail() == ["event_deleted"]

    def test_nothing_is_deleted_that_is_published_or_that_people_are_in(self, owner, make):
        make.registration(make.event("draft", published_at=None))
        assert [owner.post(f"{EVENTS}/{slug}/delete").status_code for slug in ("draft", "forum")] == [422, 422]
        assert event_of("draft") is not None
