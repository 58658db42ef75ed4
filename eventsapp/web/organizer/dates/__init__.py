"""An event's dates: the list, one of them, a series of them."""

from eventsapp.web.organizer.dates import listing, series, single
from eventsapp.web.organizer.dates.desk import dates

__all__ = ["dates", "listing", "series", "single"]
