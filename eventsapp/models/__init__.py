"""The tables. Importing this room registers all of them on ``Base.metadata``."""

from eventsapp.models.account import Invitation, Membership, Passkey, SignIn, User, limited_to
from eventsapp.models.attendance import Attendance
from eventsapp.models.base import Base
from eventsapp.models.event import Event, LanguageVariant, LetterText, Question
from eventsapp.models.kept import EventStamp, OptionCount, PlaceCount
from eventsapp.models.mailing import Channel, Mailing, Visits
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
from eventsapp.models.version import CompatibleVersion
from eventsapp.models.work import AuditEntry, Heartbeat, Job, JobFile

__all__ = [
    "AddressChange",
    "AddressUse",
    "Answer",
    "Assignment",
    "Attendance",
    "AuditEntry",
    "Base",
    "Channel",
    "ChosenOption",
    "CompatibleVersion",
    "Conference",
    "Event",
    "EventStamp",
    "Heartbeat",
    "Invitation",
    "Job",
    "JobFile",
    "LanguageVariant",
    "LetterText",
    "Mailing",
    "Membership",
    "Message",
    "Occurrence",
    "OptionCount",
    "Organization",
    "Outage",
    "Passkey",
    "Place",
    "PlaceCount",
    "Question",
    "Receipt",
    "Registration",
    "Revision",
    "SignIn",
    "Staff",
    "SuppressedAddress",
    "User",
    "Visits",
    "limited_to",
]
