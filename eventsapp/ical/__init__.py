"""Calendar files from entries: VEVENT, compact VTIMEZONE, invitations, add-to-calendar links. Pure; sends nothing."""

from eventsapp.ical.calendar import cancel, publish, request

__all__ = ["cancel", "publish", "request"]
