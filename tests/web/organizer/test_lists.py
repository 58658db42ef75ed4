"""Lists of which no other test says so: the database is asked as often for three rows as for one."""

from datetime import timedelta

import pytest

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import JobKind
from eventsapp.models import Channel, Job, Mailing
from tests.statements import statements

HOME = "/o/example-league"
LISTS = (
    "/jobs",
    "/events/forum/check-in",
    "/events/forum/letters/mailings",
    "/events/forum/links",
)


@pytest.mark.parametrize("path", LISTS)
def test_three_rows_take_no_more_statements_than_one(desk, make, now, path):
    event = make.event()
    user = make.member(event.organization)
    event_id, organization_id, user_id = event.id, event.organization_id, user.id
    owner = desk(user)
    counts, sizes = [], []
    for more in (["one"], ["two", "three"]):
        for name in more:
            make.registration(event, email=f"{name}@example.com", name=name)
            words = {"en": {"subject": name, "body": name}}
            with transaction() as session:
                session.add(Mailing(event_id=event_id, public_id=name, words=words, created_at=now))
                session.add(Channel(event_id=event_id, code=name, name=name, created_at=now))
                session.add(
                    Job(
                        public_id=name,
                        organization_id=organization_id,
                        event_id=event_id,
                        user_id=user_id,
                        kind=JobKind.EXPORT,
                        created_at=now,
                        expires_at=now + timedelta(days=1000),
                    )
                )
        owner.get(HOME + path, q="e", date="spanish")
        with statements() as seen:
            page = owner.get(HOME + path, q="e", date="spanish")
        assert page.status_code == 200
        counts.append(len(seen))
        sizes.append(len(page.text))
    assert counts[0] == counts[1]
    assert sizes[0] < sizes[1]
