"""The keys of an event record, what each means and takes: one marshmallow schema for reading and for JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import EXCLUDE, Schema, ValidationError, validates_schema

from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import (
    Approval,
    Choose,
    ConferenceAccess,
    ConferenceKind,
    ConferenceProvider,
    DigestEvery,
    EventStatus,
    FollowUpFor,
    QuestionType,
    RegistrationNeed,
    StaffRole,
    Visibility,
)
from eventsapp.reading.containers import KeyedBy, ListOf, Part
from eventsapp.reading.fields import (
    Accent,
    Count,
    Country,
    Duration,
    Email,
    EndTime,
    FromText,
    Host,
    Id,
    Json,
    LetterName,
    Line,
    Link,
    MeetingId,
    Phone,
    PictureName,
    Prose,
    SecureAddress,
    Slug,
    SlugOrName,
    Switch,
    Tag,
    Tzid,
    WallTime,
    WebAddress,
    When,
    Word,
)
from eventsapp.reading.mistakes import shown

MOST_OCCURRENCES = 400
MOST_QUESTIONS = 50
MOST_OPTIONS = 300
MOST_CONDITIONS = 10
MOST_CITIES = 12
MOST_TOPICS = 20
LONGEST_TOPIC = 60
LONGEST_CITY = 100
LONGEST_WORDS = {"excerpt": 300, "description": 20_000, "what_to_bring": 5000, "picture_alt": 500}
MOST_MEMBERS = 200
MOST_REMINDERS = MOST_FOLLOW_UPS = 10
_LONGEST_KEY = 60

# What people write for a key of ours.
_OTHER_NAMES = {
    "title": "summary",
    "timezone": "tzid",
    "time_zone": "tzid",
    "tz": "tzid",
    "date": "start",
    "starts_at": "start",
    "password": "passcode",
    "pwd": "passcode",
    "link": "url",
    "join_url": "url",
    "code": "passcode",
    "places": "capacity",
    "seats": "capacity",
    "locale": "language",
    "lang": "language",
    "translations": "languages",
    "sessions": "occurrences",
    "dates": "occurrences",
    "text": "body",
    "host": "organization",
    "organizer": "organization",
    "organisation": "organization",
    "image": "picture",
    "tags": "topics",
    "type_of_room": "kind",
    "if": "only_if",
    "when": "only_if",
    "show_if": "only_if",
    "conditions": "only_if",
    "depends_on": "only_if",
    "equals": "is",
    "values": "is",
    "answer": "is",
    "max": "limit",
    "most": "limit",
    "capacity": "limit",
    "free_text": "other",
    "verification": "verify",
    "video": "recording",
    "time_zones": "cities",
    "timezones": "cities",
    "reminder": "reminders",
    "alarms": "reminders",
    "follow_up": "follow_ups",
    "followups": "follow_ups",
    "followup": "follow_ups",
    "for": "to",
    "trigger": "send",
    "wait": "wait_for_recording",
    "staff": "team",
    "hosts": "team",
    "interpreters": "team",
    "organizers": "team",
    "mail": "email",
    "e_mail": "email",
}


class RecordPart(Schema):
    """A mapping whose unknown keys are refused with the one that was perhaps meant."""

    class Meta:
        unknown = EXCLUDE  # reported below, all at once

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown_keys(self, _data: Any, original: Any, **_kwargs: Any) -> None:
        unknown = {key: [self._unknown(key)] for key in original if key not in self.fields}
        if unknown:
            raise ValidationError(unknown)

    def _unknown(self, key: str) -> str:
        word = key[:_LONGEST_KEY].lower().replace("-", "_").replace(" ", "_")
        meant = _OTHER_NAMES.get(word)
        near = [meant] if meant in self.fields else get_close_matches(word, self.fields, n=1, cutoff=0.7)
        if near:
            return f"There is no key {shown(key)} here. Did you mean {near[0]}?"
        if elsewhere := _homes().get(word):
            return f"The key {shown(key)} does not stand here; it belongs to {elsewhere}."
        return f"There is no key {shown(key)} here; known are {', '.join(self.fields)}."


def labels(limit: int, about: str, **kwargs: Any) -> KeyedBy:
    """Words by language; a text alone is in the event's default language."""
    return KeyedBy(Tag(), Line(limit), plain=True, about=about, **kwargs)


class OrganizationPart(RecordPart):
    slug = SlugOrName(120, about="The organization's name in addresses. It is created when it is unknown.")
    name = Line(200, about="The organization's name as people read it.")
    sender = Line(200, about="The name letters come from; the organization's name where it is left out.")
    contact = Email(about="The e-mail address that answers people; letters name it as Reply-To.")
    default_language = Tag(about="BCP 47 tag of its usual language.")
    default_tzid = Tzid(about="Its usual time zone; occurrences without a tzid of their own are held in it.")
    privacy_url = WebAddress(about="The privacy notice that people are shown when they register.")
    imprint_url = WebAddress(about="The imprint or legal notice.")
    accent = Accent(about="One colour for its pages, as '#rrggbb' in quotes.")
    conference_hosts = ListOf(
        Host(),
        most=50,
        single=True,
        about="Hosts that links to rooms may lead to besides Zoom's, with their subdomains.",
    )
    retention_days = Count(1, 36500, about="Days after the event until personal data are deleted.")


class LanguagePart(RecordPart):
    summary = Line(
        200, required=True, about="The event's title in this language.", example="summary: Public online forum"
    )
    excerpt = Line(LONGEST_WORDS["excerpt"], about="One line under the title.")
    description = Prose(LONGEST_WORDS["description"], about="What the event is about, in Markdown.")
    what_to_bring = Prose(LONGEST_WORDS["what_to_bring"], about="What people should have ready, in Markdown.")
    picture_alt = Line(LONGEST_WORDS["picture_alt"], about="What the picture shows, for those who cannot see it.")


class MomentPart(RecordPart):
    at = WallTime(required=True, about="The wall time, year-month-day hour:minute.", example="at: 2026-06-01 09:00")
    tzid = Tzid(about="Its time zone; that of the occurrences where they share one.")
    fold = Count(0, 1, about="Where the clock shows this time twice: 0 the first, 1 the second.")


class DialInPart(RecordPart):
    number = Phone(required=True, about="The telephone number.", example="number: +52 55 4161 4288")
    country = Country(about="ISO 3166-1 code of the country it belongs to.")
    city = Line(100, about="The city it belongs to.")


class DialInLine(Part):
    """A number alone, or a line as Zoom's invitations have it: +1 669 900 6833 US (San Jose)."""

    _line = re.compile(r"(\+?[0-9][0-9 ().,#*-]*[0-9#])\s+(?:([A-Z]{2})\b\s*)?\(?([^\d()]*)\)?")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and (found := self._line.fullmatch(clean_line(value, 120))):
            named = {"number": found[1], "country": found[2], "city": found[3].strip()}
            value = {key: text for key, text in named.items() if text}
        return super()._deserialize(value, *args, **kwargs)


class ConferencePart(RecordPart):
    provider = Word(ConferenceProvider, about="zoom, or other for a link of the organization's own.")
    kind = Word(ConferenceKind, load_default=ConferenceKind.MEETING, about="A Zoom meeting or a Zoom webinar.")
    meeting_id = MeetingId(about="9 to 11 digits in any spacing; it must be the number in the link.")
    passcode = Line(64, about="What is typed to enter, not the long text after pwd= in a link.")
    url = Link(about="The https link to join. Its host must be Zoom's or one of conference_hosts.")
    dial_in = ListOf(
        DialInLine(DialInPart, text_as=["number"]), most=100, single=True, about="Telephone numbers into the room."
    )
    access = Word(
        ConferenceAccess,
        {"registered_only": ConferenceAccess.REGISTERED},
        load_default=ConferenceAccess.REGISTERED,
        about="public shows the room on the event's page; registered gives it to confirmed people alone.",
    )


class OccurrencePart(RecordPart):
    id = Id(
        required=True, about="Its name in addresses; it never changes. `calendar` is reserved.", example="id: english"
    )
    start = WallTime(
        required=True, about="The wall time at tzid, year-month-day hour:minute.", example="start: 2026-06-10 16:00"
    )
    tzid = Tzid(about="IANA time zone such as America/Los_Angeles.")
    fold = Count(0, 1, about="Where the clock shows the start twice: 0 the first, 1 the second.")
    duration = Duration(timedelta(minutes=1), timedelta(days=60), about="ISO 8601, for example PT1H30M; or write end.")
    end = EndTime(about="The wall time of the end in the same zone, or the time of day alone; or write duration.")
    language = Tag(about="The language it is held in; left out, it is held in all of the event's.")
    capacity = Count(1, 1_000_000, about="How many people can be confirmed; left out, there is no limit.")
    location = KeyedBy(
        Tag(), Line(300), plain=True, about="A place one can go to: a text for all languages, or one for each."
    )
    registration = Word(
        RegistrationNeed,
        {
            "no": RegistrationNeed.NONE,
            "false": RegistrationNeed.NONE,
            "not_required": RegistrationNeed.NONE,
            "yes": RegistrationNeed.REQUIRED,
            "true": RegistrationNeed.REQUIRED,
        },
        load_default=RegistrationNeed.REQUIRED,
        about="Whether people register before they take part.",
    )
    join_opens = Duration(
        timedelta(0), timedelta(days=7), bare_minutes=True, about="How long before the start the room is shown."
    )
    status = Word(EventStatus, {"canceled": EventStatus.CANCELLED}, about="cancelled for this date alone.")
    conference = Part(ConferencePart, about="The online room.")
    recording = KeyedBy(
        Tag(),
        SecureAddress(),
        plain=True,
        about="The https address of what was recorded, shown once it is over: one for all languages, or one for each.",
    )


class OptionPart(RecordPart):
    id = Id(required=True, about="Its name in answers and exports; it never changes.", example="id: friend")
    label = labels(200, "What people read, by language.", required=True, example="label: {en: A friend}")
    limit = Count(0, 1_000_000, about="How many people can choose it, 0 for nobody; left out, there is no limit.")
    other = Switch(about="Whether whoever chooses it says what, in a field beside it. One option of a question can.")


# `is` is a word of Python's own, so this part cannot be written as a class body.
ConditionPart = RecordPart.from_dict(
    {
        "question": Id(required=True, about="The id of a question above this one.", example="question: diet"),
        "is": ListOf(
            Line(60),
            required=True,
            least=1,
            most=MOST_OPTIONS,
            single=True,
            about="One of these must be the answer, or be in it: option ids, yes or no, or country codes.",
            example="is: other",
        ),
    },
    name="ConditionPart",
)


class QuestionPart(RecordPart):
    id = Id(required=True, about="Its name in answers and exports; it never changes.", example="id: source")
    type = Word(
        QuestionType,
        {
            "short": QuestionType.SHORT_TEXT,
            "long": QuestionType.LONG_TEXT,
            "textarea": QuestionType.LONG_TEXT,
            "radio": QuestionType.SINGLE_CHOICE,
            "multiple_choice": QuestionType.SEVERAL_CHOICES,
            "checkboxes": QuestionType.SEVERAL_CHOICES,
            "boolean": QuestionType.YES_NO,
            "telephone": QuestionType.PHONE,
        },
        required=True,
        about="What kind of answer it takes.",
        example="type: short_text",
    )
    required = Switch(about="Whether it must be answered. A consent always must.")
    label = labels(500, "The question, by language.", required=True, example="label: {en: Where do you live?}")
    help = labels(1000, "One sentence of help, by language.")
    options = ListOf(
        Part(OptionPart, text_as=["id", "label"]), most=MOST_OPTIONS, about="What can be chosen; for choices alone."
    )
    only_if = ListOf(
        Part(ConditionPart),
        most=MOST_CONDITIONS,
        single=True,
        about="Ask this only where the answers to questions above it are these; where there are several, all must be.",
    )
    retired = Switch(about="true: ask this no longer. What was answered stays.")


class VerifyPart(RecordPart):
    within = Duration(
        timedelta(minutes=10),
        timedelta(days=7),
        required=True,
        about="ISO 8601: how long a place is held until the link is followed.",
        example="within: PT2H",
    )


class RegistrationPart(RecordPart):
    opens = Part(MomentPart, text_as=["at"], about="When registration opens; left out, at once.")
    closes = Part(MomentPart, text_as=["at"], about="When it closes; left out, at each occurrence's end.")
    choose = Word(Choose, load_default=Choose.ONE, about="How many of the occurrences one registration takes.")
    approval = Word(
        Approval,
        {"auto": Approval.AUTOMATIC, "by_hand": Approval.MANUAL},
        load_default=Approval.AUTOMATIC,
        about="manual: somebody decides about each registration.",
    )
    waitlist = Switch(load_default=False, about="Whether people can queue for a full occurrence.")
    verify = Part(
        VerifyPart,
        text_as=["within"],
        about="Hold places only for addresses that are confirmed by a link in a letter; left out, none need be.",
    )
    questions = ListOf(Part(QuestionPart), most=MOST_QUESTIONS, about="Asked besides name and e-mail address.")


class MemberPart(RecordPart):
    role = Word(
        StaffRole,
        {"organiser": StaffRole.ORGANIZER, "moderator": StaffRole.HOST},
        required=True,
        about="host and interpreter work at dates and get them into their calendar; organizer reads the digest.",
        example="role: host",
    )
    name = Line(200, about="The name in the greeting of letters and in calendars.")
    email = Email(required=True, about="Where letters go.", example="email: ana@example.org")
    language = Tag(about="BCP 47 tag of the letters; the event's default language where it is left out.")
    tzid = Tzid(about="Their time zone; that of the occurrences where they share one, else the organization's.")
    occurrences = ListOf(
        Id(),
        least=1,
        most=MOST_OCCURRENCES,
        single=True,
        about="Ids of the dates that a host or interpreter works at; all of them where it is left out.",
    )
    digest = Word(
        DigestEvery,
        {"daily": DigestEvery.DAY, "weekly": DigestEvery.WEEK, "none": DigestEvery.NEVER, "no": DigestEvery.NEVER},
        about="How often an organizer is written to about what happened: day (default), week or never.",
    )


class FollowUpPart(RecordPart):
    send = When(required=True, about="When it is sent.", example="send: 1 day after end at 10:00")
    to = Word(
        FollowUpFor,
        {"everybody": FollowUpFor.ALL, "everyone": FollowUpFor.ALL},
        about="came, missed or all (default): those who came, those who did not, or both.",
    )
    wait_for_recording = Switch(about="Whether it waits, for 14 days at most, until the recording is there.")


class LetterPart(RecordPart):
    subject = Line(200, about="The letter's subject; it may hold placeholders.")
    body = Prose(20_000, about="Markdown above the facts of the letter; it may hold placeholders.")


class RecordSchema(RecordPart):
    record = Count(1, 1, required=True, about="The version of this format: 1.", example="record: 1")
    slug = Slug(
        required=True, about="The event's name in addresses. Importing it again updates it.", example="slug: forum"
    )
    organization = Part(
        OrganizationPart,
        text_as=["slug"],
        required=True,
        about="Who holds the event: a slug, or a mapping.",
        example="organization: example-league",
    )
    default_language = Tag(about="The language that serves where a reader's own is missing.")
    contact = Email(about="The e-mail address that answers questions about this event.")
    picture = PictureName(about="A PNG, JPEG or WebP file beside the record, 8 MB at most, or a stored picture's name.")
    topics = ListOf(
        KeyedBy(Tag(), Line(LONGEST_TOPIC), plain=True),
        most=MOST_TOPICS,
        single=True,
        about="A few words that group events, each a text for all languages, or one for each.",
    )
    cities = ListOf(
        Line(LONGEST_CITY),
        most=MOST_CITIES,
        single=True,
        about="Cities or IANA zones whose clocks an announcement names, besides that of the event.",
    )
    languages = KeyedBy(
        Tag(),
        Part(LanguagePart, text_as=["summary"]),
        required=True,
        least=1,
        about="The event's words by BCP 47 tag.",
        example="languages: {en: {summary: Public forum}}",
    )
    occurrences = ListOf(
        Part(OccurrencePart),
        required=True,
        least=1,
        most=MOST_OCCURRENCES,
        example="occurrences: [{id: english, start: 2026-06-10 16:00, tzid: America/Los_Angeles, duration: PT1H}]",
        about="The dates on which it is held, each perhaps in a language and room of its own.",
    )
    registration = Part(RegistrationPart, about="How people register.")
    reminders = ListOf(
        When(),
        most=MOST_REMINDERS,
        single=True,
        none=True,
        about="When those who hold a place are reminded: 24 hours and 1 hour before the start, or these, or none.",
    )
    follow_ups = ListOf(
        Part(FollowUpPart, text_as=["send"]),
        most=MOST_FOLLOW_UPS,
        single=True,
        none=True,
        about="Letters after the end, with the recording; left out, there are none.",
    )
    letters = KeyedBy(
        LetterName(),
        KeyedBy(Tag(), Part(LetterPart, text_as=["body"])),
        about="The organizer's own words in letters: {kind: {language: {subject, body}}}.",
    )
    team = ListOf(
        Part(MemberPart),
        most=MOST_MEMBERS,
        single=True,
        about="Those who work at the event, and get letters of their own: hosts, interpreters, organizers.",
    )
    status = Word(
        EventStatus,
        {"canceled": EventStatus.CANCELLED},
        about="Left out, a new event is published and a known one stays as it is.",
    )
    visibility = Word(
        Visibility, load_default=Visibility.PUBLIC, about="unlisted: whoever has the address finds it, and nobody else."
    )


_HOMES: dict[str, type[RecordPart]] = {
    "the top of the record": RecordSchema,
    "languages": LanguagePart,
    "an occurrence": OccurrencePart,
    "conference": ConferencePart,
    "registration": RegistrationPart,
    "a question": QuestionPart,
    "an option": OptionPart,
    "verify": VerifyPart,
    "a follow-up": FollowUpPart,
    "a member of the team": MemberPart,
    "organization": OrganizationPart,
}


@cache
def _homes() -> dict[str, str]:
    """Key → where it belongs, of those keys that have one home."""
    places: dict[str, list[str]] = {}
    for home, part in _HOMES.items():
        for key in part().fields:
            places.setdefault(key, []).append(home)
    return {key: homes[0] for key, homes in places.items() if len(homes) == 1}


@cache
def _schema() -> RecordSchema:
    return RecordSchema()


def typed(tree: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[tuple[str | int, ...], str]]]:
    """A plain tree → typed values and, for what could not be typed, (path, sentence). Wrong values are left out."""
    try:
        return dict(_schema().load(tree)), []
    except ValidationError as error:
        return dict(error.valid_data or {}), list(_sentences(error.messages, ()))


def _sentences(messages: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(messages, Mapping):
        for step, below in messages.items():
            yield from _sentences(below, path if step == "_schema" else (*path, step))
    else:
        for sentence in [messages] if isinstance(messages, str) else messages:
            yield path, str(sentence)


def json_schema() -> Json:
    """JSON Schema (2020-12) of an event record, self-contained, for editors: it knows no rule across several keys."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(title="eventsapp", version="1", openapi_version="3.1.0", plugins=[plugin])
    assert plugin.converter is not None  # noqa: S101  set by APISpec, for the type checker
    plugin.converter.add_attribute_function(_shape)  # type: ignore[no-untyped-call]
    spec.components.schema("EventRecord", schema=RecordSchema)
    parts = _rewritten(spec.to_dict()["components"]["schemas"])
    record = parts.pop("EventRecord")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event record",
        **record,
        "$defs": dict(sorted(parts.items())),
    }


def _name(schema: Any) -> str:
    name = schema if isinstance(schema, str) else getattr(schema, "__name__", type(schema).__name__)
    return str(name).removesuffix("Part")


def _shape(converter: Any, field: Any, ret: Json) -> Json:
    """The JSON shape of our own fields, over what apispec makes of their base classes."""
    shape: Json = {}
    if isinstance(field, FromText):
        shape = field.json_shape()
    elif isinstance(field, ListOf):
        items = converter.field2property(field.inner)
        shape = {"type": "array", "items": items, "minItems": field.least, "maxItems": field.most}
        if field.single:
            shape = {"anyOf": [shape, items], "type": None}
    elif isinstance(field, KeyedBy):
        shape = {
            "type": "object",
            "propertyNames": {**field.key.json_shape(), "type": "string"},
            "additionalProperties": converter.field2property(field.value),
            "minProperties": field.least,
        }
        if field.plain:
            shape = {"anyOf": [shape, converter.field2property(field.value)], "type": None}
    elif isinstance(field, Part) and field.text_as:
        reference = ret.pop("$ref", None) or ret.pop("allOf")[0]["$ref"]
        shape = {"anyOf": [{"$ref": reference}, {"type": ["string", "integer"]}]}
    return shape


def _rewritten(value: Any) -> Any:
    """Plain values whose references point into $defs; unknown keys are refused."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [_rewritten(item) for item in value]
    if not isinstance(value, dict):
        return value
    rewritten = {key: _rewritten(item) for key, item in value.items() if item is not None}
    if isinstance(reference := rewritten.get("$ref"), str):
        rewritten["$ref"] = reference.replace("#/components/schemas/", "#/$defs/")
    if "properties" in rewritten and rewritten.get("type") == "object":
        rewritten["additionalProperties"] = False
    return rewritten
