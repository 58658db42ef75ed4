from datetime import UTC, datetime

import pytest

from eventsapp.domain.digests import next_digest
from eventsapp.domain.vocabulary import DigestEvery

DAY, WEEK = DigestEvery.DAY, DigestEvery.WEEK


@pytest.mark.parametrize(
    ("every", "tzid", "after", "due"),
    [
        (DAY, "Europe/Madrid", "2026-03-02T06:59:59", "2026-03-02T07:00"),
        (DAY, "Europe/Madrid", "2026-03-02T07:00", "2026-03-03T07:00"),  # this one was just written
        (DAY, "Europe/Madrid", "2026-03-28T07:00", "2026-03-29T06:00"),  # the night has 23 hours
        (DAY, "Europe/Madrid", "2026-10-24T06:00", "2026-10-25T07:00"),  # and 25
        (DAY, "Pacific/Kiritimati", "2026-03-02T12:00", "2026-03-02T18:00"),
        (DAY, "America/Los_Angeles", "2026-03-02T12:00", "2026-03-02T16:00"),
        (DAY, "Asia/Kathmandu", "2026-03-02T12:00", "2026-03-03T02:15"),
        (WEEK, "America/Los_Angeles", "2026-03-02T15:59", "2026-03-02T16:00"),
        (WEEK, "America/Los_Angeles", "2026-03-02T16:00", "2026-03-09T15:00"),  # with summer time
        (WEEK, "Europe/Madrid", "2026-03-03T12:00", "2026-03-09T07:00"),
        (WEEK, "Pacific/Kiritimati", "2026-03-01T12:00", "2026-03-01T18:00"),  # there it is Monday
    ],
)
def test_it_is_due_at_eight_on_its_readers_clock(every, tzid, after, due):
    at = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_digest(every, tzid, at) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_nobody_who_wants_none_gets_one(now):
    assert next_digest(DigestEvery.NEVER, "Europe/Madrid", now) is None
