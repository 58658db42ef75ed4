"""Typed values → an EventRecord: the rules that hold across several keys. Every doubt is asked about, never resolved.

What could not be typed is absent here and has been reported already, so nothing is reported twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from eventsapp.domain import cities, rooms, timezones, wording
from eventsapp.domain.addresses import read_address
from eventsapp.domain.entry import DialIn
from eventsapp.domain.errors import Invalid
from eventsapp.domain.languages import parents, related
from eventsapp.domain.markdown import PLACEHOLDER
from eventsapp.domain.vocabulary import (
    CHOICE_TYPES,
    Approval,
    Choose,
    ConferenceAccess,
    ConferenceProvider,
    DigestEvery,
    EventStatus,
    LetterKind,
    Placeholder,
    QuestionType,
    RegistrationNeed,
    StaffRole,
)
from eventsapp.reading.conditions import conditions, never_holds
from eventsapp.reading.fields import slugified
from eventsapp.reading.mistakes import Path, key_of, shown
from eventsapp.reading.scheduled import follow_ups, reminders
from eventsapp.reading.source import Source
from eventsapp.reading.values import (
    JOIN_OPENS_SECONDS,
    ConferenceRecord,
    EventRecord,
    Labels,
    LetterWords,
    MemberRecord,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)

Values = Mapping[str, Any]
Known = Callable[[str], OrganizationRecord | None]

RESERVED_IDS = frozenset({"calendar"})
LONGEST_ZOOM_PASSCODE = 10
_LONGEST_SECONDS = 60 * 24 * 3600
_MOST_NAMED = 10  # ids in one sentence
_AS_THEY_ARE = ("default_language", "default_tzid", "privacy_url", "imprint_url", "accent", "retention_days")
_NO_START = Moment(datetime.min, "Etc/UTC")  # noqa: DTZ901  never leaves this room: its mistake was reported


def settle(values: Values, source: Source, known: Known) -> EventRecord | None:
    """The record, with notes; None where anything was reported to ``source``, now or before."""
    return _Settling(values, source, known).record()


class _Settling:
    def __init__(self, values: Values, source: Source, known: Known) -> None:
        self.values = values
        self.source = source
        self.notes: list[str] = []
        self.known = OrganizationRecord("")
        self.organization = self._organization(known)
        self.languages: list[str] = list(values.get("languages") or ())
        self.default_language = self._default_language()

    def record(self) -> EventRecord | None:
        values, registration = self.values, self.values.get("registration") or {}
        occurrences = self._occurrences()
        record = EventRecord(
            slug=values.get("slug", ""),
            organization=self.organization or OrganizationRecord(""),
            default_language=self.default_language,
            languages=self._words(),
            occurrences=occurrences,
            contact=values.get("contact", ""),
            picture=values.get("picture", ""),
            topics=self._topics(),
            city_tzids=self._cities(),
            choose=registration.get("choose", Choose.ONE),
            approval=registration.get("approval", Approval.AUTOMATIC),
            waitlist=registration.get("waitlist", False),
            verify_seconds=(registration.get("verify") or {}).get("within"),
            questions=self._questions(registration.get("questions") or ()),
            reminders=reminders(values.get("reminders"), self.source.report),
            follow_ups=follow_ups(values.get("follow_ups") or (), self.source.report),
            letters=self._letters(),
            team=self._team(occurrences),
            status=values.get("status"),
            **({"visibility": values["visibility"]} if "visibility" in values else {}),
        )
        opens, closes = self._window(registration, occurrences)
        if self.source.mistakes:
            return None
        return replace(record, opens=opens, closes=closes, notes=tuple(self.notes))

    # The organization and the languages

    def _organization(self, known: Known) -> OrganizationRecord | None:
        given = self.values.get("organization")
        if given is None:
            return None
        written, name = given.get("slug", ""), given.get("name")
        slug = slugified(written or name or "")
        self.known = known(slug) or self.known
        path: Path = ("organization", "slug")
        if not slug and ("slug" in given or not self.source.written(path)):
            self.source.report(path, "The organization needs a slug of a–z and digits, for example `slug: my-league`.")
        sender, contact = self._sender(given.get("sender"), given.get("contact"))
        return OrganizationRecord(
            slug=slug,
            name=name or None,
            new_name=written if slug != written else None,
            sender_name=sender,
            contact=contact,
            conference_hosts=tuple(given["conference_hosts"]) if "conference_hosts" in given else None,
            **{key: given.get(key) for key in _AS_THEY_ARE},
        )

    def _sender(self, sender: str | None, contact: str | None) -> tuple[str | None, str | None]:
        """People also write an address as the sender; letters leave from the installation's own, answers go there."""
        if not sender or "@" not in sender:
            return sender, contact
        name, _, address = sender.rpartition("<")
        try:
            address = read_address(address.strip(" >")).email
        except Invalid:
            path: Path = ("organization", "sender")
            self.source.report(path, "Write the sender's name here, and the address that answers as contact.")
            return None, contact
        self.notes.append(f"organization.sender: letters leave from our own address; {address} is the contact.")
        return name.strip(' "') or None, contact or address

    def _default_language(self) -> str:
        given = self.values.get("default_language")
        if given is None:
            usual = self._of_organization("default_language")
            if len(self.languages) == 1:
                return self.languages[0]
            if usual in self.languages:
                return str(usual)
            if self.languages and not self.source.written(("default_language",)):
                self.source.report(
                    ("default_language",), f"This key is missing; write which of {', '.join(self.languages)} it is."
                )
            return ""
        if self.languages and given not in self.languages:
            self.source.report(
                ("default_language",), f"{given} is not among languages; write one of {', '.join(self.languages)}."
            )
            return ""
        return str(given)

    def _of_organization(self, key: str) -> Any:
        return getattr(self.organization, key, None) or getattr(self.known, key)

    def _words(self) -> dict[str, Words]:
        return {
            tag: Words(**{"summary": "", **given})
            for tag, given in (self.values.get("languages") or {}).items()
            if isinstance(given, Mapping)
        }

    def _topics(self) -> tuple[Labels, ...]:
        given = self.values.get("topics") or ()
        topics = [self._labels(topic, ("topics", at), plain_tag="") for at, topic in enumerate(given)]
        return tuple(topic for at, topic in enumerate(topics) if topic and topic not in topics[:at])

    def _cities(self) -> tuple[str, ...]:
        """The zones of the cities, found in the event's languages too; each clock is named once."""
        tags = [tag for tag in (self.default_language, *self.languages) if tag] or ["en"]
        found: dict[str, int] = {}
        for at, text in enumerate(self.values.get("cities") or ()):
            path: Path = ("cities", at)
            if text is None:
                continue
            try:
                tzid = cities.tzid_from_text(text, tags[0])
            except Invalid as error:
                self.source.report(path, str(error))
                continue
            if tzid in found:
                self.source.report(path, f"{tzid} stands here twice (also in [{found[tzid]}]); leave one out.")
                continue
            found[tzid] = at
            names = {cities.folded(name) for name in (tzid, *(wording.city_words(tzid, tag) for tag in tags))}
            if cities.folded(text) not in names:
                self.notes.append(f"{key_of(path)}: {shown(text)} is taken as {tzid}.")
        return tuple(found)

    def _check_tag(self, tag: str, path: Path) -> None:
        if self.languages and not any(related(tag, language) for language in self.languages):
            self.source.report(path, f"The event has no language {tag}; it has {', '.join(self.languages)}.")

    def _labels(self, labels: Labels | None, path: Path, *, plain_tag: str | None = None) -> dict[str, str]:
        """Texts by tag. A plain text belongs to ``plain_tag``, the default language unless said otherwise."""
        result = dict(labels or {})
        if "" in result:
            result = {self.default_language if plain_tag is None else plain_tag: result[""]}
        for tag in result:
            if tag:
                self._check_tag(tag, (*path, tag))
        needed = self.default_language if plain_tag is None else ""
        if result and needed and not any(tag in result for tag in parents(needed)):
            self.source.report(path, f"The text in the default language is missing; add `{needed}: …`.")
        return result

    # Occurrences

    def _occurrences(self) -> tuple[OccurrenceRecord, ...]:
        given = self.values.get("occurrences") or []
        self._check_ids(given, ("occurrences",))
        for at, values in enumerate(given):
            if isinstance(values, Mapping) and str(values.get("id", "")).lower() in RESERVED_IDS:
                self.source.report(("occurrences", at, "id"), f"{values['id']} is reserved; write another id.")
        return tuple(self._occurrence(values, ("occurrences", at)) for at, values in enumerate(given) if values)

    def _occurrence(self, values: Values, path: Path) -> OccurrenceRecord:
        tzid = self._tzid(values.get("tzid"), path)
        start = self._moment(values.get("start"), tzid, values, (*path, "start"), (*path, "fold"))
        if (language := values.get("language")) is not None:
            self._check_tag(language, (*path, "language"))
        status = values.get("status")
        if status is EventStatus.DRAFT:
            self.source.report((*path, "status"), "One date cannot be a draft; leave status out, or write cancelled.")
        conference = self._conference(values.get("conference"), (*path, "conference"))
        registration = values.get("registration", RegistrationNeed.REQUIRED)
        self._note_about_room(conference, registration, path)
        if values.get("capacity") and registration is RegistrationNeed.NONE:
            self.notes.append(f"{key_of(path)}: the capacity counts for nothing, because nobody registers.")
        return OccurrenceRecord(
            id=values.get("id", ""),
            start=start or _NO_START,
            duration_seconds=self._seconds(values, start, path),
            language=language,
            capacity=values.get("capacity"),
            location=self._labels(values.get("location"), (*path, "location"), plain_tag=""),
            registration=registration,
            join_opens_seconds=values.get("join_opens", JOIN_OPENS_SECONDS),
            cancelled=status is EventStatus.CANCELLED,
            conference=conference,
            recording=self._labels(values.get("recording"), (*path, "recording"), plain_tag=""),
        )

    def _tzid(self, tzid: str | None, path: Path) -> str | None:
        key: Path = (*path, "tzid")
        if tzid is not None:
            self._note_renamed(tzid, key)
            return tzid
        usual = self._of_organization("default_tzid")
        if usual is None and not self.source.written(key):
            self.source.report(key, "This key is missing; write for example `tzid: America/Los_Angeles`.")
        return str(usual) if usual and not self.source.written(key) else None

    def _note_renamed(self, tzid: str, path: Path) -> None:
        value: Any = self.source.tree
        for step in path:
            value = value[step]
        typed = str(value).strip().replace(" ", "_")
        if typed.casefold() != tzid.casefold():
            self.notes.append(f"{key_of(path)}: {shown(typed)} is taken as {tzid}.")

    def _moment(
        self, local: datetime | None, tzid: str | None, beside: Values, path: Path, fold_path: Path
    ) -> Moment | None:
        """The wall time once it is sure what it means; a gap or an overlap without ``fold`` is reported."""
        fold = beside.get("fold")
        if local is None or tzid is None or (fold is None and self.source.written(fold_path)):
            return None
        try:
            reading = timezones.resolve(local, tzid, fold)
        except Invalid as error:
            self.source.report(path, str(error))
            return None
        if fold and not reading.fold:
            self.notes.append(f"{key_of(path)}: the clock shows this time once; fold is not needed.")
        return Moment(reading.local, tzid, reading.fold)

    def _seconds(self, values: Values, start: Moment | None, path: Path) -> int:
        has = {key: self.source.written((*path, key)) for key in ("duration", "end")}
        if has["duration"] and has["end"]:
            self.source.report((*path, "end"), "Write duration or end, not both.")
        elif not any(has.values()):
            self.source.report((*path, "duration"), "Write how long it lasts, `duration: PT1H30M`, or its end.")
        if "duration" in values:
            return int(values["duration"])
        end = values.get("end")
        if end is None or start is None:
            return 0
        return self._elapsed(start, end, (*path, "end"))

    def _elapsed(self, start: Moment, end: datetime | time, path: Path) -> int:
        """Seconds between the two instants, which a clock change between them makes other than the clock shows."""
        if isinstance(end, time):
            end = datetime.combine(start.local.date(), end)
        starts_at = timezones.instant(start.local, start.tzid, start.fold)
        try:
            ends_at = timezones.resolve(end, start.tzid).at
        except timezones.AmbiguousTime as error:
            later = [reading.at for reading in error.readings if reading.at > starts_at]
            if len(later) != 1:
                lengths = " or ".join(_minutes(at - starts_at) for at in later)
                self.source.report(path, f"The clock shows this time twice; write duration instead of end ({lengths}).")
                return 0
            ends_at = later[0]
        except Invalid as error:
            self.source.report(path, str(error))
            return 0
        seconds = int((ends_at - starts_at).total_seconds())
        if seconds <= 0:
            self.source.report(path, "The end is not after the start; write a later time, with its date.")
        elif seconds > _LONGEST_SECONDS:
            self.source.report(path, "The end is more than 60 days after the start; correct one of the two.")
        return seconds

    # Rooms

    def _conference(self, values: Values | None, path: Path) -> ConferenceRecord | None:
        if values is None:
            return None
        url, number = values.get("url", ""), values.get("meeting_id", "")
        provider = values.get("provider") or rooms.provider_of(url, number)
        hosts = (*(self.known.conference_hosts or ()), *(getattr(self.organization, "conference_hosts", None) or ()))
        try:
            rooms.check_room(provider, url, number, hosts)
        except Invalid as error:
            self.source.report((*path, error.key), str(error))
        if provider is ConferenceProvider.ZOOM:
            number = number or rooms.number_in_link(url)
            self._check_passcode(values.get("passcode", ""), path)
        given = {key: values[key] for key in ("kind", "passcode", "access") if key in values}
        dial_in = tuple(DialIn(**item) for item in values.get("dial_in") or () if item and "number" in item)
        return ConferenceRecord(provider=provider, meeting_id=number, url=url, dial_in=dial_in, **given)

    def _check_passcode(self, passcode: str, path: Path) -> None:
        if len(passcode) > LONGEST_ZOOM_PASSCODE:
            self.source.report(
                (*path, "passcode"),
                f"A Zoom passcode has at most {LONGEST_ZOOM_PASSCODE} characters; pwd= in a link is another thing.",
            )

    def _note_about_room(self, conference: ConferenceRecord | None, need: RegistrationNeed, path: Path) -> None:
        if conference is None:
            return
        where = key_of((*path, "conference"))
        if not (conference.url or conference.meeting_id):
            self.notes.append(f"{where}: there is no room yet; add meeting_id or url before it begins.")
        if conference.access is ConferenceAccess.REGISTERED and need is RegistrationNeed.NONE:
            self.notes.append(
                f"{where}: nobody registers, so nobody will see the room; write `access: public` to show it."
            )
        if "/register/" in conference.url:
            self.notes.append(f"{where}: the link leads to Zoom's own registration form, not into the room.")
        if "tk=" in conference.url:
            self.notes.append(f"{where}: the link is one person's own (tk=); whoever uses it joins as that person.")

    # Registration

    def _window(self, values: Values, occurrences: Sequence[OccurrenceRecord]) -> tuple[Moment | None, Moment | None]:
        shared = self._shared_tzid(occurrences)
        moments: dict[str, Moment | None] = {}
        for key in ("opens", "closes"):
            given: Values = values.get(key) or {}
            path: Path = ("registration", key)
            tzid = given.get("tzid")
            if tzid is not None:
                self._note_renamed(tzid, (*path, "tzid"))
            elif given and not self.source.written((*path, "tzid")):
                tzid = shared
                if tzid is None and occurrences:
                    self.source.report((*path, "tzid"), "This key is missing; write for example `tzid: Europe/Madrid`.")
            moments[key] = self._moment(given.get("at"), tzid, given, path, (*path, "fold"))
        opens, closes = moments["opens"], moments["closes"]
        if opens and closes and _at(closes) <= _at(opens):
            self.source.report(("registration", "closes"), "Registration closes before it opens; correct one.")
        return opens, closes

    def _shared_tzid(self, occurrences: Sequence[OccurrenceRecord]) -> str | None:
        """The zone that all occurrences share, else the organization's usual one."""
        zones = {occurrence.start.tzid for occurrence in occurrences if occurrence.start is not _NO_START}
        return zones.pop() if len(zones) == 1 else self._of_organization("default_tzid")

    def _questions(self, given: Sequence[Values | None]) -> tuple[QuestionRecord, ...]:
        path: Path = ("registration", "questions")
        self._check_ids(given, path)
        return tuple(self._question(values, given, at) for at, values in enumerate(given) if values)

    def _question(self, values: Values, questions: Sequence[Values | None], at: int) -> QuestionRecord:
        path: Path = ("registration", "questions", at)
        kind = values.get("type", QuestionType.SHORT_TEXT)
        options = values.get("options") or []
        if "type" in values:
            self._check_options(kind, options, path)
        required = values.get("required", False)
        if kind is QuestionType.CONSENT:
            if values.get("required") is False:
                self.source.report(
                    (*path, "required"), "A consent must be ticked; where no is fine, write type: yes_no."
                )
            required = True
        only_if = conditions(questions, at, path, self.source.report)
        if any(never_holds(condition, questions) for condition in only_if):
            self.notes.append(f"{key_of((*path, 'only_if'))}: nobody is asked this, because a consent is always given.")
        return QuestionRecord(
            id=values.get("id", ""),
            type=kind,
            required=required,
            label=self._labels(values.get("label"), (*path, "label")),
            help=self._labels(values.get("help"), (*path, "help")),
            options=tuple(
                OptionRecord(
                    id=item.get("id", ""),
                    label=self._labels(item.get("label"), (*path, "options", place, "label")),
                    limit=item.get("limit"),
                    other=item.get("other", False),
                )
                for place, item in enumerate(options)
                if item
            ),
            only_if=only_if,
            retired=values.get("retired", False),
        )

    def _check_options(self, kind: QuestionType, options: Sequence[Values | None], path: Path) -> None:
        self._check_ids(options, (*path, "options"))
        asking = [at for at, option in enumerate(options) if option and option.get("other")]
        for at in asking[1:]:
            self.source.report(
                (*path, "options", at, "other"),
                f"One option of a question can ask what is meant, and [{asking[0]}] does so already; leave one out.",
            )
        if kind in CHOICE_TYPES and not options and not self.source.written((*path, "options")):
            self.source.report((*path, "options"), "A choice needs options; write a list of `{id: …, label: {…}}`.")
        elif kind in CHOICE_TYPES and not options:
            self.source.report((*path, "options"), "A choice needs at least one option.")
        elif kind not in CHOICE_TYPES and options:
            self.source.report(
                (*path, "options"),
                f"A {kind} question takes no options; leave them out, or write type: single_choice or several_choices.",
            )

    def _letters(self) -> dict[LetterKind, dict[str, LetterWords]]:
        letters: dict[LetterKind, dict[str, LetterWords]] = {}
        for kind, by_tag in (self.values.get("letters") or {}).items():
            for tag, words in (by_tag or {}).items():
                self._check_tag(tag, ("letters", kind, tag))
                if isinstance(words, Mapping) and any(words.values()):
                    letters.setdefault(LetterKind(kind), {})[tag] = LetterWords(**words)
                    self._note_placeholders(words, ("letters", kind, tag))
        return letters

    def _note_placeholders(self, words: Values, path: Path) -> None:
        used = {name for text in words.values() for name in PLACEHOLDER.findall(text)}
        for name in sorted(used - set(Placeholder)):
            self.notes.append(
                f"{key_of(path)}: {{{name}}} is no placeholder and stays as written; there are "
                f"{', '.join(sorted(Placeholder))}."
            )

    # The team

    def _team(self, occurrences: Sequence[OccurrenceRecord]) -> tuple[MemberRecord, ...]:
        ids = [occurrence.id for occurrence in occurrences]
        usual = self._shared_tzid(occurrences)
        members: list[MemberRecord] = []
        first: dict[tuple[StaffRole, str], int] = {}
        for at, values in enumerate(self.values.get("team") or ()):
            if not values or "role" not in values or "email" not in values:
                continue
            path: Path = ("team", at)
            one = (values["role"], read_address(values["email"]).key)
            if one in first:
                message = f"{values['email']} is {one[0]} here twice (also in [{first[one]}]); leave one out."
                self.source.report((*path, "email"), message)
            first.setdefault(one, at)
            members.append(self._member(values, path, ids, usual))
        return tuple(members)

    def _member(self, values: Values, path: Path, ids: Sequence[str], usual: str | None) -> MemberRecord:
        role, tzid = values["role"], values.get("tzid")
        if tzid is not None:
            self._note_renamed(tzid, (*path, "tzid"))
        elif usual is None and ids and not self.source.written((*path, "tzid")):
            self.source.report((*path, "tzid"), "This key is missing; write for example `tzid: Europe/Madrid`.")
        organizes = role is StaffRole.ORGANIZER
        return MemberRecord(
            role=role,
            email=values["email"],
            language=values.get("language") or self.default_language,
            tzid=tzid or usual or "",
            name=values.get("name", ""),
            occurrences=self._member_dates(values.get("occurrences"), path, ids, organizes=organizes),
            digest=self._digest(values.get("digest"), path, organizes=organizes),
        )

    def _member_dates(
        self, given: Sequence[str] | None, path: Path, ids: Sequence[str], *, organizes: bool
    ) -> tuple[str, ...] | None:
        """In the order of the occurrences; all of them are the same as none named."""
        if given is None:
            return None
        key: Path = (*path, "occurrences")
        if organizes:
            self.source.report(key, "An organizer reads about all dates; leave this out, or write role: host.")
            return None
        for at, name in enumerate(given):
            if name is not None and name not in ids:
                known = ", ".join(ids[:_MOST_NAMED]) + (", …" if len(ids) > _MOST_NAMED else "")
                self.source.report((*key, at), f"There is no occurrence {shown(name)}; there are {known}.")
        chosen = tuple(name for name in ids if name in given)
        return None if len(chosen) == len(ids) else chosen

    def _digest(self, given: DigestEvery | None, path: Path, *, organizes: bool) -> DigestEvery:
        if organizes:
            return given or DigestEvery.DAY
        if given not in (None, DigestEvery.NEVER):
            self.source.report(
                (*path, "digest"), "Only organizers get a digest; add them once more with role: organizer."
            )
        return DigestEvery.NEVER

    # All of them

    def _check_ids(self, items: Iterable[Values | None], path: Path) -> None:
        seen: dict[str, int] = {}
        for at, values in enumerate(items):
            name = str((values or {}).get("id", "")).lower()
            if name and name in seen:
                self.source.report(
                    (*path, at, "id"), f"This id stands here twice (also in [{seen[name]}]); give each its own."
                )
            seen.setdefault(name, at)


def _at(moment: Moment) -> datetime:
    return timezones.instant(moment.local, moment.tzid, moment.fold)


def _minutes(elapsed: timedelta) -> str:
    return f"PT{int(elapsed.total_seconds()) // 60}M"
