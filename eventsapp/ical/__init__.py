"""Calendar files from entries: VEVENT, compact VTIMEZONE, invitations, add-to-calendar links. Pure; sends nothing."""

from eventsapp.ical.calendar import cancel, publish, request
from eventsapp.ical.stencil import invitation

__all__ = ["cancel", "invitation", "publish", "request"]
