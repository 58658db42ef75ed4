"""Calendar files from entries: VEVENT, compact VTIMEZONE, invitations, add-to-calendar links. Pure; sends nothing."""

from eventsapp.ical.calendar import cancel, publish, request
from eventsapp.ical.stencil import invitation
from eventsapp.ical.written import Written

__all__ = ["Written", "cancel", "invitation", "publish", "request"]
