"""Questions that many ask, ready-made in the interface's languages; and the kinds of answers in words."""

from dataclasses import dataclass

from eventsapp.domain.errors import N_
from eventsapp.domain.languages import alike
from eventsapp.domain.vocabulary import QuestionType
from eventsapp.models import Organization
from eventsapp.reading.values import OptionRecord, QuestionRecord
from eventsapp.translations import gettext, interface_language, speaking

KIND_WORDS: dict[QuestionType, str] = {
    QuestionType.SHORT_TEXT: N_("Short text"),
    QuestionType.LONG_TEXT: N_("Long text"),
    QuestionType.SINGLE_CHOICE: N_("One of several options"),
    QuestionType.SEVERAL_CHOICES: N_("Any of several options"),
    QuestionType.YES_NO: N_("Yes or no"),
    QuestionType.CONSENT: N_("A consent to tick"),
    QuestionType.NUMBER: N_("Number"),
    QuestionType.DATE: N_("Date"),
    QuestionType.COUNTRY: N_("Country"),
    QuestionType.PHONE: N_("Telephone number"),
    QuestionType.URL: N_("Web address"),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """``options`` are (id, words); the last one asks to say what where ``other``."""

    name: str
    type: QuestionType
    label: str
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    other: bool = False


PRESETS = {
    "country": Preset(N_("Country"), QuestionType.COUNTRY, N_("Which country do you live in?")),
    "organization": Preset(
        N_("Organization"), QuestionType.SHORT_TEXT, N_("Which organization or group do you belong to?")
    ),
    "source": Preset(
        N_("How did you hear about it?"),
        QuestionType.SINGLE_CHOICE,
        N_("How did you hear about this event?"),
        options=(
            ("friend", N_("From a friend")),
            ("newsletter", N_("From a newsletter")),
            ("social", N_("On social media")),
            ("poster", N_("From a poster or flyer")),
            ("other", N_("In another way")),
        ),
        other=True,
    ),
    "needs": Preset(
        N_("What people need"),
        QuestionType.LONG_TEXT,
        N_("Do you need anything to take part well?"),
        N_("For example captions, sign language or a step-free entrance."),
    ),
    "phone": Preset(
        N_("Telephone number"),
        QuestionType.PHONE,
        N_("Your telephone number"),
        N_("We call only if plans change at short notice."),
    ),
    "privacy": Preset(
        N_("Consent to how data are used"),
        QuestionType.CONSENT,
        N_("I agree that %(name)s uses what I enter here to hold this event."),
        N_("How %(name)s handles your data: %(url)s"),
    ),
}


def ready_made(name: str, key: str, tags: list[str], organization: Organization) -> QuestionRecord:
    """A preset in each of the languages ``tags`` that the interface speaks. Raises KeyError."""
    preset = PRESETS[name]
    spoken = [tag for tag in tags if alike(interface_language(tag), tag)]
    values = {"name": organization.name, "url": organization.privacy_url or ""}

    def said(message: str) -> dict[str, str]:
        words = {}
        for tag in spoken:
            with speaking(tag):
                words[tag] = gettext(message) % values if "%(" in message else gettext(message)
        return words

    last = preset.options[-1][0] if preset.other else ""
    with_help = preset.help and (values["url"] or "%(url)" not in preset.help)
    return QuestionRecord(
        id=key,
        type=preset.type,
        required=preset.type is QuestionType.CONSENT,
        label=said(preset.label),
        help=said(preset.help) if with_help else {},
        options=tuple(OptionRecord(id_, said(words), other=id_ == last) for id_, words in preset.options),
    )
