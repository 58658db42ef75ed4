"""The forms: which fields, what was typed, what is wrong with it. Every rule about the input itself is the domain's."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.admission import Standing
from eventsapp.domain.applicant import Applicant, read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import alike, direction, lookup, own_name
from eventsapp.domain.vocabulary import Choose
from eventsapp.domain.wording import city_words
from eventsapp.models import Event
from eventsapp.queries.registrations import question_specs
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Edition, Words, languages_of
from eventsapp.web.fields import CheckedForm, Entry, Option, Typed
from eventsapp.web.language import Reading, letter_languages
from eventsapp.web.questions import QuestionForm, question_fields, read_answers

NO_MATTER = (Standing.PAST, Standing.CANCELLED, Standing.NO_REGISTRATION)
TRAP = "homepage"  # nobody sees this field, so only a program fills it in


class RegistrationForm(QuestionForm):
    """An event's form: who, when, in which language and zone to write, and the event's own questions."""

    def __init__(
        self,
        event: Event,
        editions: Sequence[Edition],
        *,
        reading: Reading,
        reader_tzid: str | None,
        typed: Typed | None = None,
        left: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self._event, self._reading, self._left = event, reading, left
        self._specs = question_specs(event)
        self.choose = event.choose
        self.choosable = _choosable(event.choose, editions)
        zones = [edition.tzid for edition in (self.choosable or editions)]
        self._usual_tzid = reader_tzid or (zones or [event.organization.default_tzid])[0]
        super().__init__(self._fields_of(event))
        language = lookup(reading.tag, letter_languages(languages_of(event)), reading.words)
        usual = {"language": language, "time_zone": zone_text(self._usual_tzid, reading.tag)}
        self.process(typed, data=usual)
        self.trapped = bool(typed and typed.get(TRAP))

    @property
    def asks_for_date(self) -> bool:
        return self.choose is not Choose.ALL and len(self.choosable) > 1

    def applicant(self) -> Applicant | None:
        """The person that the form describes; None where something is wrong, and then ``mistakes`` says what."""
        for name in ("name", "email", "time_zone"):
            self[name].read()
        chosen = self._chosen()
        answers = read_answers(self, self._specs, self._reading.words)
        if self.mistakes or answers is None:
            return None
        address: Address = self["email"].value
        return Applicant(
            name=self["name"].value,
            address=address,
            language_tag=self._language_of_letters(),
            tzid=self["time_zone"].value,
            occurrence_keys=chosen,
            answers=answers,
        )

    def _language_of_letters(self) -> str:
        """As chosen, and of the region that the page is read in: letters have the same clock."""
        chosen = lookup(self["language"].text, letter_languages(languages_of(self._event)), self._reading.words)
        return self._reading.tag if alike(chosen, self._reading.tag) else chosen

    def _chosen(self) -> tuple[str, ...]:
        keys = tuple(dict.fromkeys(key for key in self["occurrences"].data if key))
        if self.asks_for_date and not keys:
            self["occurrences"].blame(Invalid(N_("Choose the date and time that suit you."), key="occurrences"))
        return keys

    def _fields_of(self, event: Event) -> dict[str, Entry]:
        tag = self._reading.tag
        dates = [Option(edition.key, Words(edition.words.whole), edition) for edition in self.choosable]
        tags = [Option(own, Words(own_name(own), own, direction(own))) for own in letter_languages(languages_of(event))]
        fields = {
            "name": Entry(Words(_("Your name")), autocomplete="name", check=read_name),
            "email": Entry(
                Words(_("E-mail address")),
                "email",
                hint=Words(_address_hint(event)),
                autocomplete="email",
                check=read_address,
            ),
            "occurrences": Entry(
                Words(_("The date and time that suit you")),
                "radio" if event.choose is Choose.ONE else "checkbox",
                options=dates,
            ),
            "language": Entry(Words(_("Language of our letters to you")), "select", options=tags),
            "time_zone": Entry(
                Words(_("Your city or time zone")),
                hint=Words(_("Letters name the time as it is there.")),
                check=lambda text: tzid_from_text(text, tag) if text.strip() else self._usual_tzid,
            ),
        }
        return fields | question_fields(self._specs, self._reading, self._left)


class AddressForm(CheckedForm):
    """Where a mistyped address is put right, or another one is named."""

    def __init__(self, typed: Typed | None = None, *, label: str = "", hint: str = "") -> None:
        words = Words(label or _("The right e-mail address"))
        super().__init__({"email": Entry(words, "email", hint=Words(hint), autocomplete="email", check=read_address)})
        self.process(typed)

    def address(self) -> Address | None:
        self["email"].read()
        found: Address | None = self["email"].value
        return found


def _address_hint(event: Event) -> str:
    if event.verify_seconds is None:
        return _("We write to it with what you need to take part.")
    return _("We write to it at once. You are registered when you have opened the link in that letter and confirmed.")


def _choosable(choose: Choose, editions: Sequence[Edition]) -> list[Edition]:
    """The dates that take people now. Where all belong together, one that takes nobody closes the others too."""
    coming = [edition for edition in editions if edition.standing not in NO_MATTER]
    admitting = [edition for edition in coming if edition.standing.admits]
    return [] if choose is Choose.ALL and len(admitting) < len(coming) else admitting


@lru_cache(maxsize=1024)
def zone_text(tzid: str, tag: str) -> str:
    """A zone as its field shows it: the city where that alone leads back to this zone, else IANA's name."""
    city = city_words(tzid, tag)
    try:
        return city if tzid_from_text(city, tag) == tzid else tzid
    except Invalid:
        return tzid
