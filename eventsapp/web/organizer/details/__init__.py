"""What holds for the whole event: who finds it, how people register, which letters a time causes, its picture."""

from eventsapp.web.organizer.details import page
from eventsapp.web.organizer.details.desk import details

__all__ = ["details", "page"]
