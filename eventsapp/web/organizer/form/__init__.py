"""The form builder: an event's questions, their order, their conditions, and the form as people will see it.

Every change goes through the event's record, so that what holds for files holds here.
"""

from eventsapp.web.organizer.form.pages import form

__all__ = ["form"]
