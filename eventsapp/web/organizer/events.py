"""An organization's events."""

from flask.typing import ResponseReturnValue

from eventsapp.domain.rights import Right
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.pages import desk_page

events = Desk("events", __name__)


@events.view("/events", needs=Right.SEE)
def index(access: Access) -> ResponseReturnValue:  # noqa: ARG001
    return desk_page("organizer/events/index.html")


@events.view("/events/<event>", needs=Right.SEE)
def overview(access: Access) -> ResponseReturnValue:  # noqa: ARG001
    return desk_page("organizer/events/overview.html")
