"""What pages behind a personal link share: whom the link belongs to, in which language to speak, and who keeps a page.

Such a link came by letter alone. What it opens is kept by no cache, and GET changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, g
from sqlalchemy.orm import Session

from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import Purpose
from eventsapp.models import Registration
from eventsapp.queries.registrations import registration_by_token
from eventsapp.web.editions import languages_of, words_in, words_of
from eventsapp.web.headers import keep_private
from eventsapp.web.language import Reading, read_in
from eventsapp.web.pages import page, reader_tzid, settings


def opened(token: str, purpose: Purpose = Purpose.MANAGE) -> Registration:
    """The registration that the token opens. Raises NotFound."""
    return registration_by_token(db.session(), purpose, token, settings=settings())


@contextmanager
def acting(token: str) -> Iterator[tuple[Session, int]]:
    """A transaction for whoever the manage token opens a registration to, now."""
    with transaction() as session:
        yield session, opened(token).id


def speak_to(registration: Registration) -> Reading:
    """The letter's language, not the browser's, unless the path names one."""
    g.asked_tag = g.asked_tag or registration.language_tag
    event = registration.event
    return read_in(languages_of(event), event.default_language_tag)


def tzid_of(registration: Registration) -> str:
    """The zone that the address names, else the one of the letters."""
    return reader_tzid() or registration.tzid


def personal_page(template: str, registration: Registration, *, status: int = 200, **context: object) -> Response:
    """A page about one registration."""
    reading, event = speak_to(registration), registration.event
    return keep_private(
        page(
            template,
            status=status,
            registration=registration,
            event=event,
            organization=event.organization,
            title=words_of(words_in(event, reading).summary, reading.words, reading),
            languages=languages_of(event),
            **context,
        )
    )


def see_other(url: str) -> Response:
    """303, kept by no cache."""
    return keep_private(Response(status=303, headers={"Location": url}))
