"""Who works at an event: hosts and interpreters at its dates, and organizers, who read a summary by e-mail."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import g, request
from flask.typing import ResponseReturnValue

from eventsapp.db import db
from eventsapp.domain.addresses import read_address
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, Invalid, NotFound
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import DigestEvery, StaffRole
from eventsapp.domain.wording import city_words, time_words
from eventsapp.models import Event, Staff
from eventsapp.queries.record import record_of
from eventsapp.queries.staff import team_of
from eventsapp.reading.values import EventRecord, MemberRecord
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page
from eventsapp.web.organizer.saving import save, seen_version

crew = Desk("crew", __name__)

HERE = "/events/<event>/people-at-work"
LONGEST_NAME = 200
Team = tuple[MemberRecord, ...]
Who = tuple[StaffRole, str]  # what tells one from another: the role, and the key of the address


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody of the list in words; ``dates`` is empty where they work at all of them."""

    public_id: str
    member: MemberRecord
    role: str
    city: str
    dates: list[str]
    digest: str


class MemberForm(DeskForm):
    """One person in one role. ``given``: as they are stored, None for a new one."""

    def __init__(self, event: Event, given: MemberRecord | None = None, typed: Typed | None = None) -> None:
        self.event, self.given, self.tag = event, given, g.reading.tag
        version = event.version if typed is None else seen_version(typed)
        super().__init__(self._entries(), version=version)
        self.process(typed, data=self._stored())

    def _entries(self) -> dict[str, Entry]:
        spoken = [variant.language_tag for variant in self.event.variants]
        tags = list(dict.fromkeys([*spoken, *INTERFACE_LANGUAGES, *([self.given.language] if self.given else [])]))
        dates = [Option(key, Words(words)) for key, words in date_words(self.event, self.tag).items()]
        return {
            "role": Entry(
                Words(_("Role")),
                "radio",
                options=[Option(role, Words(words)) for role, words in role_words().items()],
                check=_among(set(StaffRole)),
            ),
            "name": Entry(Words(_("Name")), optional=True, check=_read_name),
            "email": Entry(Words(_("E-mail address")), "email", check=lambda text: read_address(text).email),
            "language": Entry(
                Words(_("Language of the letter")),
                "select",
                options=[Option(tag, Words(own_name(tag), tag, direction(tag))) for tag in tags],
                check=_among(set(tags)),
            ),
            "zone": Entry(Words(_("City or time zone")), check=lambda text: tzid_from_text(text, self.tag)),
            "dates": Entry(
                Words(_("Dates of a host or interpreter")),
                "checkbox",
                options=dates,
                optional=True,
                hint=Words(_("None ticked means all dates, those too that are added later.")),
            ),
            "digest": Entry(
                Words(_("Summary by e-mail for an organizer")),
                "radio",
                options=[Option(every, Words(words)) for every, words in digest_words().items()],
                check=_among(set(DigestEvery)),
            ),
        }

    def _stored(self) -> dict[str, str | list[str]]:
        given = self.given
        tzid = given.tzid if given else self.event.occurrences[0].tzid
        organizes = given is not None and given.role is StaffRole.ORGANIZER
        return {
            "role": given.role if given else StaffRole.HOST,
            "name": given.name if given else "",
            "email": given.email if given else "",
            "language": given.language if given else self.event.default_language_tag,
            "zone": zone_text(tzid, self.tag),
            "dates": list(given.occurrences or ()) if given else [],
            "digest": given.digest if given and organizes else DigestEvery.DAY,
        }

    def member(self) -> MemberRecord | None:
        """None where something is wrong; then the fields say what."""
        for field in self:
            field.read()
        if self.mistakes:
            return None
        role = StaffRole(self["role"].value)
        organizes = role is StaffRole.ORGANIZER
        all_keys = [one.key for one in self.event.occurrences]
        chosen = tuple(key for key in all_keys if key in self["dates"].data)
        return MemberRecord(
            role=role,
            email=self["email"].value,
            language=self["language"].value,
            tzid=self["zone"].value,
            name=self["name"].value,
            occurrences=None if organizes or len(chosen) in {0, len(all_keys)} else chosen,
            digest=DigestEvery(self["digest"].value) if organizes else DigestEvery.NEVER,
        )

    def wanted(self) -> MemberRecord | None:
        """As ``member``, and nobody else of the team is the same."""
        member = self.member()
        if member is None:
            return None
        mine = _who(self.given) if self.given else None
        others = {_who(one) for one in record_of(self.event).team} - {mine}
        if _who(member) in others:
            self["email"].blame(Invalid(N_("This address has this role already.")))
            return None
        return member


@crew.view(HERE, needs=Right.RUN)
def index(access: Access) -> ResponseReturnValue:
    return desk_page("organizer/crew/index.html", people=_rows(access.event))


@crew.view(f"{HERE}/add", needs=Right.RUN, methods=("GET", "POST"))
def add(access: Access) -> ResponseReturnValue:
    form = MemberForm(access.event, None, _typed())
    if request.method == "POST" and (wanted := form.wanted()):
        answer = save(access, _with(wanted), form=form, back=at("crew.index"), done=_("Saved."))
        if answer is not None:
            return answer
    return _page(form)


@crew.view(f"{HERE}/<person>", needs=Right.RUN, methods=("GET", "POST"))
def edit(access: Access, person: str) -> ResponseReturnValue:
    given = _member(access.event, person)
    form = MemberForm(access.event, given, _typed())
    if request.method == "POST" and (wanted := form.wanted()):
        answer = save(access, _with(wanted, given), form=form, back=at("crew.index"), done=_("Saved."))
        if answer is not None:
            return answer
    return _page(form, person)


@crew.view(f"{HERE}/<person>/remove", needs=Right.RUN, methods=("POST",))
def remove(access: Access, person: str) -> ResponseReturnValue:
    given = _member(access.event, person)
    form = MemberForm(access.event, given)
    answer = save(access, _without(given), form=form, back=at("crew.index"), done=_("Removed from the team."))
    return answer if answer is not None else _page(form, person)


def role_words() -> dict[StaffRole, str]:
    return {
        StaffRole.HOST: _("Host"),
        StaffRole.INTERPRETER: _("Interpreter"),
        StaffRole.ORGANIZER: _("Organizer"),
    }


def digest_words() -> dict[DigestEvery, str]:
    return {DigestEvery.DAY: _("Every day"), DigestEvery.WEEK: _("Every week"), DigestEvery.NEVER: _("Never")}


def date_words(event: Event, tag: str) -> dict[str, str]:
    """By key."""
    return {one.key: time_words(one.starts_at, one.ends_at, one.tzid, tag).when for one in event.occurrences}


def _rows(event: Event) -> list[Row]:
    everybody = team_of(db.session(), event)  # at once, before the record reads them one by one
    team = {_who(member): member for member in record_of(event).team}
    roles, digests, words = role_words(), digest_words(), date_words(event, g.reading.tag)
    found = []
    for staff in everybody:
        member = team.get((staff.role, staff.address_key))
        if member is not None:
            city = city_words(member.tzid, g.reading.tag)
            dates = [words[key] for key in member.occurrences or ()]
            digest = digests[member.digest] if member.role is StaffRole.ORGANIZER else ""
            found.append(Row(staff.public_id, member, roles[member.role], city, dates, digest))
    return found


def _member(event: Event, public_id: str) -> MemberRecord:
    """Raises NotFound, also for those who were left out."""
    staff = db.session.query(Staff).filter_by(event_id=event.id, public_id=public_id).one_or_none()
    who = (staff.role, staff.address_key) if staff is not None else None
    found = next((one for one in record_of(event).team if _who(one) == who), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def _with(wanted: MemberRecord, given: MemberRecord | None = None) -> Callable[[EventRecord], EventRecord]:
    """In the place of ``given``, or at the end. Raises NotFound where that one has gone meanwhile."""

    def changed(record: EventRecord) -> EventRecord:
        if given is None:
            kept = tuple(one for one in record.team if _who(one) != _who(wanted))
            return replace(record, team=(*kept, wanted))
        team = _found(record.team, given)
        return replace(record, team=tuple(wanted if _who(one) == _who(given) else one for one in team))

    return changed


def _without(given: MemberRecord) -> Callable[[EventRecord], EventRecord]:
    def left(record: EventRecord) -> EventRecord:
        return replace(record, team=tuple(one for one in record.team if _who(one) != _who(given)))

    return left


def _found(team: Team, given: MemberRecord) -> Team:
    if _who(given) not in map(_who, team):
        raise NotFound("There is no such page.")
    return team


def _who(member: MemberRecord) -> Who:
    return member.role, read_address(member.email).key


def _typed() -> Typed | None:
    return request.form if request.method == "POST" else None


def _page(form: MemberForm, person: str = "") -> ResponseReturnValue:
    status = 200 if request.method == "GET" else 422
    return desk_page("organizer/crew/edit.html", status=status, form=form, person=person)


def _read_name(text: str) -> str:
    name = clean_line(text, 10 * LONGEST_NAME)
    if len(name) > LONGEST_NAME:
        raise Invalid(N_("Enter a name of at most %(limit)s characters."), limit=LONGEST_NAME)
    return name


def _among(values: set[str] | set[StaffRole] | set[DigestEvery]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise Invalid(N_("Choose one of these."))
        return text

    return check
