from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventsapp.domain.errors import NotFound
from eventsapp.domain.vocabulary import Visibility
from eventsapp.queries.events import event_by_slug, events_of_organization, upcoming
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

DAY = timedelta(days=1)


def on(day: int, key: str = "only", month: int = 6) -> dict[str, Any]:
    return {"key": key, "dtstart_local": datetime(2026, month, day, 16, 0)}  # noqa: DTZ001  beside its tzid


def slugs(session: Any, **values: Any) -> list[str]:
    return [event.slug for event in upcoming(session, **values).events]


def test_upcoming_events_stand_by_their_next_date(make, session, now):
    make.event("third", occurrences=[on(20)])
    make.event("first", occurrences=[on(1, "gone", month=2), on(10, "next"), on(25, "later")])
    make.event("second", occurrences=[on(15)])
    make.event("second-too", occurrences=[on(15)])
    assert slugs(session, now=now) == ["first", "second", "second-too", "third"]


def test_only_public_published_events_that_have_not_ended_are_listed(make, session, now):
    make.event("public")
    make.event("cancelled", cancelled_at=now)
    make.event("draft", published_at=None)
    make.event("cancelled-draft", published_at=None, cancelled_at=now)
    make.event("unlisted", visibility=Visibility.UNLISTED)
    make.event("past", occurrences=[on(1, month=2)])
    make.event("empty", occurrences=[])
    assert slugs(session, now=now) == ["public", "cancelled"]


def test_an_event_is_listed_until_its_last_end(make, session):
    ends_at = make.event().occurrences[-1].ends_at
    assert slugs(session, now=ends_at - timedelta(seconds=1)) == ["forum"]
    assert slugs(session, now=ends_at) == []


def test_a_listing_is_cut_into_pages(make, session, now):
    for day in range(1, 6):
        make.event(f"day-{day}", occurrences=[on(day)])
    pages = [upcoming(session, now=now, page=page, page_size=2) for page in (1, 2, 3)]
    assert [[event.slug for event in page.events] for page in pages] == [
        ["day-1", "day-2"],
        ["day-3", "day-4"],
        ["day-5"],
    ]
    assert [(page.page, page.pages, page.total) for page in pages] == [(1, 3, 5), (2, 3, 5), (3, 3, 5)]
    for beyond in (0, -1, 4, 10**30):
        with pytest.raises(NotFound):
            upcoming(session, now=now, page=beyond, page_size=2)


def test_an_empty_listing_has_one_empty_page(session, now):
    listing = upcoming(session, now=now)
    assert (listing.events, listing.page, listing.pages, listing.total) == ([], 1, 1, 0)


def read_through(session: Any, now: datetime) -> int:
    """The statements that it takes to list all and to read what a list shows."""
    session.rollback()
    session.expunge_all()
    with statements() as seen:
        for event in upcoming(session, now=now).events:
            assert event.organization.name
            assert [words.summary for words in event.variants]
            assert [occurrence.starts_at for occurrence in event.occurrences]
    return len(seen)


def test_three_events_take_no_more_statements_than_one(make, session, now):
    make.event("one")
    one = read_through(session, now)
    for number in range(2):
        make.event(f"more-{number}", organization=make.organization(slug=f"league-{number}"))
    assert read_through(session, now) == one


def test_an_organization_lists_its_own_events(make, session, now):
    ours, theirs = make.organization(slug="ours"), make.organization(slug="theirs")
    make.event("mine", organization=ours)
    make.event("hidden", organization=ours, visibility=Visibility.UNLISTED)
    make.event("other", organization=theirs)
    organization, listing = events_of_organization(session, "ours", now=now)
    assert (organization.slug, [event.slug for event in listing.events]) == ("ours", ["mine"])


def test_an_organization_whose_events_are_over_still_has_its_page(make, session, now):
    make.event("past", organization=make.organization(slug="ours"), occurrences=[on(1, month=2)])
    _, listing = events_of_organization(session, "ours", now=now)
    assert listing.events == []


def test_an_organization_that_published_nothing_is_not_found(make, session, now):
    ours = make.organization(slug="ours")
    make.event("draft", organization=ours, published_at=None)
    make.event("unlisted", organization=ours, visibility=Visibility.UNLISTED)
    for slug in ("ours", "never", ""):
        with pytest.raises(NotFound, match="There is no such page"):
            events_of_organization(session, slug, now=now)


@pytest.mark.parametrize("visibility", Visibility)
def test_a_published_event_is_found_by_its_slug_with_all_its_parts(make, session, visibility):
    make.event(visibility=visibility, questions=[{"key": "diet"}], occurrences=[IN_ENGLISH, IN_SPANISH])
    session.rollback()
    session.expunge_all()
    event = event_by_slug(session, "forum")
    with statements() as seen:
        assert event.organization.name == "Example League"
        assert [words.language_tag for words in event.variants] == ["en", "es"]
        assert [occurrence.conference.meeting_id for occurrence in event.occurrences] == ["85835549492", "82314567890"]
        assert [question.key for question in event.questions] == ["diet"]
    assert seen == []


def test_a_cancelled_or_past_event_is_still_found(make, session, now):
    make.event("cancelled", cancelled_at=now)
    make.event("past", occurrences=[on(1, month=2)])
    assert [event_by_slug(session, slug).slug for slug in ("cancelled", "past")] == ["cancelled", "past"]


@pytest.mark.parametrize("slug", ["draft", "never", "", "FORUM", "forum%", "forum\x7f", "f" * 5000])
def test_a_draft_is_not_found_in_the_words_for_what_never_was(make, session, slug):
    make.event("draft", published_at=None)
    make.event("forum")
    with pytest.raises(NotFound) as caught:
        event_by_slug(session, slug)
    assert str(caught.value) == "There is no such page."


def test_the_clock_of_the_fixtures_is_in_utc(now):
    assert now.tzinfo is UTC
