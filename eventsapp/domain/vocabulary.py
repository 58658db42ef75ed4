"""The closed sets of words: every state and kind that a record, a row or a page may name."""

from enum import IntEnum, StrEnum


class EventStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Visibility(StrEnum):
    """Who finds an event: everybody in the listings, or only those who were given its address."""

    PUBLIC = "public"
    UNLISTED = "unlisted"


class Choose(StrEnum):
    """How many of an event's occurrences one registration takes."""

    ONE = "one"
    ANY = "any"
    ALL = "all"


class Approval(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


class RegistrationNeed(StrEnum):
    """Whether an occurrence asks people to register before they take part."""

    NONE = "none"
    REQUIRED = "required"


class ConferenceProvider(StrEnum):
    ZOOM = "zoom"
    OTHER = "other"


class ConferenceKind(StrEnum):
    MEETING = "meeting"
    WEBINAR = "webinar"


class ConferenceAccess(StrEnum):
    """Who is shown the room: everybody on the public page, or confirmed people by their join link."""

    PUBLIC = "public"
    REGISTERED = "registered"


class PlaceState(StrEnum):
    """UNVERIFIED waits for its owner to prove the address, and holds until then what was promised."""

    UNVERIFIED = "unverified"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    PENDING = "pending"
    CANCELLED = "cancelled"
    DECLINED = "declined"


# Whoever holds a place in one of these counts wherever something is limited.
HELD = frozenset(PlaceState) - {PlaceState.CANCELLED, PlaceState.DECLINED}


class QuestionType(StrEnum):
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    SINGLE_CHOICE = "single_choice"
    SEVERAL_CHOICES = "several_choices"
    YES_NO = "yes_no"
    CONSENT = "consent"
    NUMBER = "number"
    DATE = "date"
    COUNTRY = "country"
    PHONE = "phone"
    URL = "url"


CHOICE_TYPES = frozenset({QuestionType.SINGLE_CHOICE, QuestionType.SEVERAL_CHOICES})
# Their answers are among values known beforehand, so a condition can name them.
COMPARABLE_TYPES = CHOICE_TYPES | {QuestionType.YES_NO, QuestionType.CONSENT, QuestionType.COUNTRY}


class LetterKind(StrEnum):
    CONFIRMATION = "confirmation"
    INVITE = "invite"
    WAITLISTED = "waitlisted"
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    PROMOTED = "promoted"
    CANCELLED = "cancelled"
    ALREADY_REGISTERED = "already_registered"
    LINK = "link"
    VERIFICATION = "verification"
    ADDRESS_CHANGE = "address_change"
    CHANGED = "changed"
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    MISSED = "missed"
    REPLIED = "replied"
    ASSIGNED = "assigned"
    DIGEST = "digest"
    MAILING = "mailing"
    PASSWORD_RESET = "password_reset"  # noqa: S105  a kind of letter
    SECURITY_NOTICE = "security_notice"
    TEAM_INVITATION = "team_invitation"


# Sent because of a time and not because of a fact: whoever gets them can end them (RFC 8058), and no dead address does.
SCHEDULED_LETTERS = frozenset({LetterKind.REMINDER, LetterKind.FOLLOW_UP, LetterKind.MISSED})
FOLLOW_UPS = frozenset({LetterKind.FOLLOW_UP, LetterKind.MISSED})
# To people who work at an event, and not to registered ones.
STAFF_LETTERS = frozenset({LetterKind.ASSIGNED, LetterKind.DIGEST})
# To people with an account, or who are invited to have one.
ACCOUNT_LETTERS = frozenset({LetterKind.PASSWORD_RESET, LetterKind.SECURITY_NOTICE, LetterKind.TEAM_INVITATION})


# Anybody can have these written to an address, so they carry no words of an organizer.
NEUTRAL_LETTERS = frozenset({LetterKind.LINK, LetterKind.VERIFICATION, LetterKind.ADDRESS_CHANGE})
# An organizer can give each of these words of their own; a mailing has no others.
WITH_OWN_WORDS = (
    frozenset(LetterKind) - NEUTRAL_LETTERS - STAFF_LETTERS - ACCOUNT_LETTERS - {LetterKind.REPLIED, LetterKind.MAILING}
)


class Parting(StrEnum):
    """Why a letter takes an invitation back from an address that the registration leaves.

    MISTAKEN: it was mistyped, its reader is a stranger; MOVED: the person chose another one; ERASED: the person's
    data are gone.
    """

    MISTAKEN = "mistaken"
    MOVED = "moved"
    ERASED = "erased"


class Placeholder(StrEnum):
    """What an organizer's letter words may name in braces, as ``{name}``; filled in as plain text or link."""

    NAME = "name"
    SUMMARY = "summary"
    ORGANIZATION = "organization"
    WHEN = "when"
    WHEN_YOURS = "when_yours"
    REFERENCE = "reference"
    EVENT_URL = "event_url"
    JOIN_URL = "join_url"
    MANAGE_URL = "manage_url"
    CONTACT = "contact"


class MessageState(StrEnum):
    """The outbox states of one letter.

    QUEUED waits for ``due_at``; SENDING is leased by a worker until ``lease_until``; SENT was taken by the
    mail server; FAILED was refused for good; SUPERSEDED was overtaken by a later fact before it left. BOUNCED was
    taken and came back; SUPPRESSED was not sent because the address is known to be dead, or wants no such letter.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"


class Priority(IntEnum):
    """Which letters leave first: the lower ones, so that no bulk holds up an answer."""

    ASKED_FOR = 0
    INVITE = 1
    CHANGE = 2
    REMINDER_SOON = 3  # due at most two hours before the start
    REMINDER = 4
    FOLLOW_UP = 5
    DIGEST = 6


class OfTries(StrEnum):
    """What a letter's ``context`` keeps of its tries; the same letter written once more begins without."""

    SINCE = "tried_since"  # when somebody wished that a letter that failed be tried again
    UNANSWERED = "unanswered_at"  # all of it was sent, and no answer came
    CAME_BACK = "came_back"


class Suppression(StrEnum):
    """Why an organization does not write to an address (``queries.suppressed.holds_back``).

    BOUNCED: only what somebody asked for just now; COMPLAINED: no scheduled letters; UNSUBSCRIBED: no follow-ups.
    """

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class FollowUpFor(StrEnum):
    """Whom a follow-up is for. Where nobody's coming was noted, nobody can be said to have stayed away."""

    CAME = "came"
    MISSED = "missed"
    ALL = "all"


class Role(StrEnum):
    """What a member is in an organization; ``domain.rights`` says what each may do."""

    OWNER = "owner"
    MANAGER = "manager"
    ASSISTANT = "assistant"


class StaffRole(StrEnum):
    """What somebody does at an event: an organizer reads its digest, hosts and interpreters work at dates."""

    ORGANIZER = "organizer"
    HOST = "host"
    INTERPRETER = "interpreter"


class DigestEvery(StrEnum):
    DAY = "day"
    WEEK = "week"
    NEVER = "never"


class Evidence(StrEnum):
    """How we know that somebody joined."""

    JOIN_LINK = "join_link"
    CHECK_IN = "check_in"
    ZOOM = "zoom"


class Purpose(StrEnum):
    """What a derived link is good for; a token of one purpose never opens another."""

    RECEIPT = "receipt"
    MANAGE = "manage"
    JOIN = "join"
    VERIFY = "verify"
    ADDRESS = "address"
    REMINDERS = "reminders"
    FOLLOW_UPS = "follow_ups"
    BOUNCE = "bounce"
    CHECK_IN = "check_in"
    INVITATION = "invitation"
    PASSWORD = "password"  # noqa: S105  names a purpose


class Notice(StrEnum):
    """What an account's owner is told by letter: something about signing in has changed."""

    PASSWORD = "password"  # noqa: S105  names what changed
    CODES_ON = "codes_on"
    CODES_OFF = "codes_off"
    RECOVERY_CODE = "recovery_code"
    NEW_RECOVERY_CODES = "new_recovery_codes"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"


class JobKind(StrEnum):
    """Long work that the worker does for an organizer, who may leave the page meanwhile."""

    EXPORT = "export"
    IMPORT = "import"
    BULK = "bulk"


class JobState(StrEnum):
    """PREPARED: an organizer is still looking at it, and nothing runs. CANCELLED: ended; what was done stays done."""

    PREPARED = "prepared"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
