"""The desk that all pages about an event's dates stand on."""

from eventsapp.web.organizer.door import Desk

dates = Desk("dates", __name__)
