"""Whole event records out of every sign that people and enemies type."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from eventsapp.domain import timezones
from eventsapp.domain.entry import DialIn
from eventsapp.domain.errors import Invalid
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.triggers import DEFAULT_REMINDERS
from eventsapp.domain.vocabulary import (
    CHOICE_TYPES,
    COMPARABLE_TYPES,
    WITH_OWN_WORDS,
    Approval,
    Choose,
    ConferenceAccess,
    ConferenceKind,
    DigestEvery,
    EventStatus,
    FollowUpFor,
    LetterKind,
    QuestionType,
    RegistrationNeed,
    StaffRole,
    Visibility,
)
from eventsapp.reading.values import (
    ConditionRecord,
    ConferenceRecord,
    EventRecord,
    FollowUpRecord,
    LetterWords,
    MemberRecord,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)

# What YAML, JSON, calendars and databases trip over.
TRAPS = [
    *[
        "no",
        "yes",
        "~",
        "null",
        "1e3",
        "012345",
        "0x1f",
        "16:00",
        "2027-06-12",
        "=",
        "<<",
        "[x]",
        "{x}",
        "'",
        "''",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%x",
        "@x",
        "`",
        "?",
        ":",
        "-",
        "---",
        "...",
    ],
    *['"', '""', "- x", "# x", "x # y", "x: y", "? x", "{name}", "%(x)s", ",;\\,", "x\u00a0y", "a\u200bb", "e\u0301"],
    *["السلام عليكم", "日本語　テキスト", "👩🏽‍🚀 🇲🇽", "\u200fR"],
]
SIGNS = st.characters(exclude_categories=["Cs"])
RAW = st.text(SIGNS, max_size=20) | st.sampled_from(TRAPS)


def lines(*, least: int = 0, most: int = 60) -> st.SearchStrategy[str]:
    return RAW.map(lambda text: clean_line(text, most)).filter(lambda text: len(text) >= least)


PARAGRAPHS = st.lists(RAW | st.sampled_from(["", "  x", "    x", "x  ", "- x", "\t"]), max_size=6).map(
    lambda parts: clean_text("\n".join(parts))
)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True).filter(lambda text: text.lower() != "calendar")
CITIES = ["America/Los_Angeles", "America/Argentina/Buenos_Aires", "Asia/Ho_Chi_Minh", "Etc/UTC"]
TAGS = ["en", "es", "es-MX", "no", "zh-Hant", "ar"]


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    tzid = draw(
        st.sampled_from(["America/Los_Angeles", "Europe/Madrid", "Asia/Tokyo", "Etc/UTC", "Australia/Lord_Howe"])
    )
    minutes = draw(st.integers(0, 5 * 366 * 24 * 60))
    local = datetime.fromisoformat("2026-01-01") + timedelta(minutes=minutes)
    local = draw(st.sampled_from([local, datetime.fromisoformat("2027-11-07 01:30"), local + timedelta(seconds=7)]))
    try:
        reading = timezones.resolve(local, tzid, draw(st.integers(0, 1)))
    except Invalid:  # in a gap
        reading = timezones.resolve(local + timedelta(hours=3), tzid, 0)
    return Moment(reading.local, tzid, reading.fold)


def labels(tags: list[str], *, default: str | None = None) -> st.SearchStrategy[dict[str, str]]:
    optional = {tag: lines(least=1) for tag in tags if tag != default}
    return st.fixed_dictionaries({default: lines(least=1)} if default else {}, optional=optional)


def by_language(tags: list[str]) -> st.SearchStrategy[dict[str, str]]:
    """One text for all languages, or one for some."""
    return st.fixed_dictionaries({"": lines(least=1)}) | labels(tags).filter(bool)


@st.composite
def conferences(draw: st.DrawFn) -> ConferenceRecord:
    number = draw(st.sampled_from(["", "85835549492", "4155551234", "123456789"]))
    dial_in = st.builds(DialIn, st.just("+52 55 4161 4288"), st.sampled_from(["", "MX", "NO"]), lines())
    return ConferenceRecord(
        kind=draw(st.sampled_from(ConferenceKind)),
        meeting_id=number,
        passcode=draw(lines(most=10)),
        url=draw(st.sampled_from(["", f"https://us02web.zoom.us/j/{number}?pwd=a%2Cb#x"])) if number else "",
        dial_in=tuple(draw(st.lists(dial_in, max_size=2))),
        access=draw(st.sampled_from(ConferenceAccess)),
    )


def recordings(tags: list[str]) -> st.SearchStrategy[dict[str, str]]:
    urls = st.sampled_from(["https://video.example.org/a?b=c%20d#e", "https://xn--mnchen-3ya.example:8443/"])
    return st.fixed_dictionaries({"": urls}) | st.dictionaries(st.sampled_from(tags), urls, min_size=1)


@st.composite
def occurrences(draw: st.DrawFn, name: str, tags: list[str]) -> OccurrenceRecord:
    return OccurrenceRecord(
        id=name,
        start=draw(moments()),
        duration_seconds=draw(st.integers(60, 60 * 24 * 3600)),
        language=draw(st.none() | st.sampled_from(tags)),
        capacity=draw(st.none() | st.integers(1, 1_000_000)),
        location=draw(st.just({}) | by_language(tags)),
        registration=draw(st.sampled_from(RegistrationNeed)),
        join_opens_seconds=draw(st.integers(0, 7 * 24 * 3600)),
        cancelled=draw(st.booleans()),
        conference=draw(st.none() | conferences()),
        recording=draw(st.just({}) | recordings(tags)),
    )


def answers(question: QuestionRecord) -> list[str]:
    """What a condition can name."""
    if question.type in CHOICE_TYPES:
        return [option.id for option in question.options]
    return ["NO", "MX", "DE"] if question.type is QuestionType.COUNTRY else ["yes", "no"]


@st.composite
def conditions(draw: st.DrawFn, earlier: list[QuestionRecord]) -> tuple[ConditionRecord, ...]:
    named = [question for question in earlier if question.type in COMPARABLE_TYPES and not question.retired]
    chosen = draw(st.lists(st.sampled_from(named), max_size=2, unique_by=lambda one: one.id)) if named else []
    return tuple(
        ConditionRecord(
            question.id, tuple(draw(st.lists(st.sampled_from(answers(question)), min_size=1, max_size=3, unique=True)))
        )
        for question in chosen
    )


@st.composite
def questions(draw: st.DrawFn, names: list[str], tags: list[str], default: str) -> tuple[QuestionRecord, ...]:
    asked: list[QuestionRecord] = []
    for name in names:
        asked.append(draw(question(name, asked, tags, default)))
    return tuple(asked)


@st.composite
def question(
    draw: st.DrawFn, name: str, earlier: list[QuestionRecord], tags: list[str], default: str
) -> QuestionRecord:
    kind = draw(st.sampled_from(QuestionType))
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique_by=str.lower)) if kind in CHOICE_TYPES else []
    others = draw(st.permutations([draw(st.booleans()), *[False] * (len(ids) - 1)])) if ids else []
    return QuestionRecord(
        id=name,
        type=kind,
        required=kind is QuestionType.CONSENT or draw(st.booleans()),
        label=draw(labels(tags, default=default)),
        help=draw(labels(tags, default=default) | st.just({})),
        options=tuple(
            OptionRecord(one, draw(labels(tags, default=default)), draw(st.none() | st.integers(0, 1_000_000)), other)
            for one, other in zip(ids, others, strict=True)
        ),
        only_if=draw(conditions(earlier)),
        retired=draw(st.booleans()),
    )


def letters(tags: list[str]) -> st.SearchStrategy[dict[LetterKind, dict[str, LetterWords]]]:
    words = st.builds(LetterWords, lines(), PARAGRAPHS).filter(lambda letter: bool(letter.subject or letter.body))
    return st.dictionaries(
        st.sampled_from(sorted(WITH_OWN_WORDS)),
        st.dictionaries(st.sampled_from(tags), words, min_size=1),
        max_size=2,
    )


@st.composite
def members(draw: st.DrawFn, email: str, dates: list[str]) -> MemberRecord:
    role = draw(st.sampled_from(StaffRole))
    some = st.sets(st.sampled_from(dates)).map(lambda chosen: tuple(name for name in dates if name in chosen))
    proper = some.filter(lambda chosen: 0 < len(chosen) < len(dates))
    organizes = role is StaffRole.ORGANIZER
    return MemberRecord(
        role=role,
        email=email,
        language=draw(st.sampled_from(TAGS)),
        tzid=draw(st.sampled_from(CITIES)),
        name=draw(lines()),
        occurrences=draw(st.none() | proper) if len(dates) > 1 and not organizes else None,
        digest=draw(st.sampled_from(DigestEvery)) if organizes else DigestEvery.NEVER,
    )


def reminders() -> st.SearchStrategy[tuple[str, ...]]:
    texts = ["1 week before start", "1 day before start at 09:00", "on the day at 08:00", "30 minutes after start"]
    return st.just(DEFAULT_REMINDERS) | st.lists(st.sampled_from(texts), unique=True).map(tuple)


def follow_ups() -> st.SearchStrategy[tuple[FollowUpRecord, ...]]:
    texts = st.sampled_from(["at end", "2 hours after end", "3 days after end at 10:00"])
    follow_up = st.builds(FollowUpRecord, texts, st.sampled_from(FollowUpFor), st.booleans())
    return st.lists(follow_up, max_size=3, unique_by=lambda one: one.trigger).map(tuple)


def organizations() -> st.SearchStrategy[OrganizationRecord]:
    return st.builds(
        OrganizationRecord,
        slug=st.just("example-league"),
        name=st.none() | lines(least=1),
        sender_name=st.none() | lines().filter(lambda text: "@" not in text),
        contact=st.sampled_from([None, "", "ana@example.org"]),
        default_language=st.none() | st.sampled_from(TAGS),
        default_tzid=st.sampled_from([None, "Asia/Tokyo"]),
        privacy_url=st.sampled_from([None, "", "https://example.org/p?a=b&c=%20#d"]),
        accent=st.sampled_from([None, "", "#0b6b5c"]),
        conference_hosts=st.sampled_from([None, (), ("example.org", "meet.example.com")]),
        retention_days=st.none() | st.integers(1, 36500),
    )


@st.composite
def records(draw: st.DrawFn, slug: str = "forum") -> EventRecord:
    tags = draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=3, unique=True))
    default = draw(st.sampled_from(tags))
    words = st.builds(Words, lines(least=1), lines(), PARAGRAPHS, PARAGRAPHS, lines())
    names = draw(st.lists(IDS, min_size=1, max_size=3, unique_by=str.lower))
    asked = draw(st.lists(IDS, max_size=3, unique_by=str.lower))
    opens, closes = draw(st.none() | moments()), draw(st.none() | moments())
    if opens and closes and timezones.instant(*_args(closes)) <= timezones.instant(*_args(opens)):
        opens = None
    return EventRecord(
        slug=slug,
        organization=draw(organizations()),
        default_language=default,
        languages={tag: draw(words) for tag in tags},
        occurrences=tuple(draw(occurrences(name, tags)) for name in names),
        contact=draw(st.sampled_from(["", "ana@example.org"])),
        topics=tuple(draw(st.lists(by_language(tags), max_size=3, unique_by=str))),
        city_tzids=tuple(draw(st.lists(st.sampled_from(CITIES), max_size=3, unique=True))),
        opens=opens,
        closes=closes,
        choose=draw(st.sampled_from(Choose)),
        approval=draw(st.sampled_from(Approval)),
        waitlist=draw(st.booleans()),
        verify_seconds=draw(st.none() | st.integers(600, 7 * 24 * 3600)),
        questions=draw(questions(asked, tags, default)),
        reminders=draw(reminders()),
        follow_ups=draw(follow_ups()),
        letters=draw(letters(tags)),
        team=tuple(draw(members(f"{name}@example.org", names)) for name in draw(st.sampled_from(["", "a", "ab"]))),
        status=draw(st.none() | st.sampled_from(EventStatus)),
        visibility=draw(st.sampled_from(Visibility)),
    )


def _args(moment: Moment) -> tuple[datetime, str, int]:
    return moment.local, moment.tzid, moment.fold
