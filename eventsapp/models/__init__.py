"""The tables. Importing this room registers all of them on ``Base.metadata``."""

from eventsapp.models.account import Membership, User
from eventsapp.models.attendance import Attendance
from eventsapp.models.base import Base
from eventsapp.models.event import Event, LanguageVariant, LetterText, Question
from eventsapp.models.message import Message
from eventsapp.models.occurrence import Conference, Occurrence, Revision
from eventsapp.models.organization import Organization
from eventsapp.models.registration import (
    AddressChange,
    AddressUse,
    Answer,
    ChosenOption,
    Place,
    Receipt,
    Registration,
)
from eventsapp.models.sending import Outage, SuppressedAddress
from eventsapp.models.staff import Assignment, Staff

__all__ = [
    "AddressChange",
    "AddressUse",
    "Answer",
    "Assignment",
    "Attendance",
    "Base",
    "ChosenOption",
    "Conference",
    "Event",
    "LanguageVariant",
    "LetterText",
    "Membership",
    "Message",
    "Occurrence",
    "Organization",
    "Outage",
    "Place",
    "Question",
    "Receipt",
    "Registration",
    "Revision",
    "Staff",
    "SuppressedAddress",
    "User",
]
