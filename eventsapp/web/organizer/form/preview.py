"""An event's form as people will see it, in one of its languages, within a page in the organizer's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, render_template

from eventsapp.db import db
from eventsapp.models import Event
from eventsapp.queries.registrations import options_left
from eventsapp.translations import interface_language, speaking
from eventsapp.web.editions import listed_editions, own_first
from eventsapp.web.forms import RegistrationForm
from eventsapp.web.language import Reading
from eventsapp.web.pages import now


def previewed(event: Event, tag: str) -> str:
    """The markup of the fields: the public form's own, with nothing that sends them."""
    session = db.session()
    with _read_as(Reading(tag=tag, words=tag, interface=interface_language(tag))) as reading:
        editions = listed_editions(session, [event], reading=reading, reader_tzid=None, now=now())
        form = RegistrationForm(
            event,
            own_first(event, editions[event.id], reading),
            reading=reading,
            reader_tzid=None,
            left=options_left(session, event),
        )
        return render_template("organizer/form/fields.html", form=form)


@contextmanager
def _read_as(reading: Reading) -> Iterator[Reading]:
    own, g.reading, g.zoned = g.reading, reading, []
    try:
        with speaking(reading.body):
            yield reading
    finally:
        g.reading = own
