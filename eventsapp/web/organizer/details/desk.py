"""The desk that the pages about the whole event stand on."""

from eventsapp.web.organizer.door import Desk

details = Desk("details", __name__)
