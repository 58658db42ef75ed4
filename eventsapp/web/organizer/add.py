"""Registering somebody by hand."""

from flask import request
from flask.typing import ResponseReturnValue

from eventsapp.actions.add_registration import add_registration
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Invalid, Refused
from eventsapp.domain.rights import Right
from eventsapp.queries.registrations import options_left
from eventsapp.translations import gettext as _
from eventsapp.web.errors import status_of
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.people_forms import NewPersonForm, dates_to_come
from eventsapp.web.pages import now, settings

add = Desk("add", __name__)


@add.view("/events/<event>/registrations/add", needs=Right.RUN, methods=["GET", "POST"])
def person(access: Access) -> ResponseReturnValue:
    form = NewPersonForm(
        access.event,
        dates_to_come(access.event),
        left=options_left(db.session(), access.event),
        typed=request.form or None,
    )
    if request.method == "GET":
        return desk_page("organizer/registration/add.html", form=form)
    applicant = form.applicant()
    if applicant is None:
        return desk_page("organizer/registration/add.html", status=422, form=form)
    try:
        with transaction() as session:
            user, event_id = session.merge(access.user), access.event.id
            added = add_registration(
                session,
                event_id,
                applicant,
                over=form.over,
                tell=form.tell,
                user=user,
                now=now(),
                settings=settings(),
            )
            reference = added.reference
    except (Invalid, Refused) as error:
        form.blame(error)
        return desk_page("organizer/registration/add.html", status=status_of(error), form=form)
    say_done(
        _("%(name)s is registered, and is written to.", name=applicant.name)
        if form.tell
        else _("%(name)s is registered. No letter was written.", name=applicant.name)
    )
    return again(at("registration.show", reference=reference))
