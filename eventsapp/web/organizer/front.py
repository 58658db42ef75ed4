"""Where an organizer arrives: straight at the events where there is one organization, else a choice."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from eventsapp.models import User
from eventsapp.web.organizer.door import Desk
from eventsapp.web.organizer.pages import desk_page

front = Desk("front", __name__)


@front.own("/")
def home(user: User) -> ResponseReturnValue:
    memberships = sorted(user.memberships, key=lambda one: one.organization.name)
    if len(memberships) == 1:
        return redirect(url_for("organizer.events.index", organization=memberships[0].organization.slug), 303)
    return desk_page("organizer/front.html", memberships=memberships)
