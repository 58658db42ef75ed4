"""What stands in a cell → what we store, in whichever of our languages it is written."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import alike, canonical_tag, country_names, language_name, own_name
from eventsapp.domain.questions import DETAILS, QuestionSpec
from eventsapp.domain.vocabulary import CHOICE_TYPES, PlaceState, QuestionType
from eventsapp.models import Event
from eventsapp.queries.exports import date_words, state_words
from eventsapp.translations import INTERFACE_LANGUAGES, gettext, speaking

LONGEST_CHOICE = 2000
MOST_CHOSEN = 100  # bounds how deep the reading goes
Options = list[tuple[str, str]]  # an option's id, and what was said beside it
_MARKS = ("x", "✓", "✔", "yes", "true", "1")
_NO_MARKS = ("no", "false", "0", "-", "–")
_BETWEEN = re.compile(r"\s*[;؛；,،、|\n]\s*")  # options, in our exports and in others'
_COLON = re.compile(r"\s*[:：]\s*")  # before what was said beside one


def folded(text: str) -> str:
    """For comparing words: without case, width and the number of spaces. Lower case keeps the length of most words."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def bare(text: str) -> str:
    """For comparing heads: letters and digits alone, without accents, so that "E-Mail:" is "email"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if character.isalnum())


def in_every_language(words: Callable[[str], str]) -> Iterable[str]:
    """What ``words(tag)`` says in each language of the interface."""
    for tag in INTERFACE_LANGUAGES:
        with speaking(tag):
            yield words(tag)


def dates_by_words(event: Event) -> dict[str, str]:
    """The keys of an event's dates, by each way that an export names them."""
    named = {folded(one.key): one.key for one in event.occurrences}
    for one in event.occurrences:
        named |= {folded(words): one.key for words in in_every_language(lambda tag, one=one: date_words(one, tag))}  # type: ignore[misc]
    return named


def letter_languages(event: Event) -> list[str]:
    """What letters about the event can be had in."""
    own = [variant.language_tag for variant in event.variants]
    return [*own, *(tag for tag in INTERFACE_LANGUAGES if not any(alike(tag, one) for one in own))]


def read_language(text: str, offered: Sequence[str]) -> str:
    """A tag, or a language by its name in one of our languages."""
    named = _language_names(tuple(offered)).get(folded(text))
    try:
        tag = named or canonical_tag(text)
    except Invalid:
        tag = ""
    if not tag or not any(alike(tag, one) for one in offered):
        raise Invalid(
            N_("Letters are not written in “%(typed)s”. Enter a language by its code, like en or es."),
            key="language",
            typed=text[:40],
        )
    return tag


def read_state(text: str) -> PlaceState | None:
    """How a place stands; None for a mere mark that there is to be one. An empty text is for the caller."""
    found = folded(text)
    if found in _states():
        return _states()[found]
    if _flags().get(found):
        return None
    raise Invalid(
        N_("“%(typed)s” does not say how a place stands. Enter for example Confirmed, or x."), typed=text[:40]
    )


def says_waitlisted(text: str) -> bool:
    return _states().get(folded(text)) is PlaceState.WAITLISTED


def says_no(text: str) -> bool:
    return not text or _flags().get(folded(text)) is False


def typed(spec: QuestionSpec, text: str) -> dict[str, list[str]]:
    """What a form would have posted for a cell. What cannot be understood stays as it is, for the check to refuse."""
    if spec.type in CHOICE_TYPES:
        return _chosen(spec, text) or {spec.key: [text]}
    if spec.type in {QuestionType.YES_NO, QuestionType.CONSENT}:
        said = _flags().get(folded(text))
        return {spec.key: [text if said is None else "yes" if said else "no"]}
    if spec.type is QuestionType.COUNTRY:
        return {spec.key: [_countries().get(folded(text), text)]}
    return {spec.key: [text]}


def _chosen(spec: QuestionSpec, text: str) -> dict[str, list[str]] | None:
    """Options by their labels or ids, in any language, and what was said beside one; None: not understood."""
    labels = _labels(spec)
    if folded(text) in labels:
        return {spec.key: [labels[folded(text)]]}
    if len(text) > LONGEST_CHOICE or len(_BETWEEN.findall(text)) > MOST_CHOSEN:
        return None
    found = _Listed(text, labels, spec.other()).read()
    if found is None:
        return None
    said = {f"{spec.key}{DETAILS}": [details] for _option, details in found if details}
    return {spec.key: [option for option, _details in found]} | said


class _Listed:
    """Options one after the other, each with what was said beside it: labels and words may hold commas themselves."""

    def __init__(self, text: str, labels: Mapping[str, str], other: str) -> None:
        self._text, self._labels, self._other = text, labels, other
        self._longest_first = sorted(labels, key=len, reverse=True)
        self._known: dict[int, Options | None] = {}

    def read(self, at: int = 0) -> Options | None:
        """From here to the end; None where that is no list of options."""
        if at not in self._known:
            tried = (self._with(label, at) for label in self._longest_first)
            self._known[at] = next((found for found in tried if found is not None), None)
        return self._known[at]

    def _with(self, label: str, at: int) -> Options | None:
        end = at + len(label)
        if folded(self._text[at:end]) != label:
            return None
        option = self._labels[label]
        rest = self._after(end)
        if rest is not None:
            return [(option, ""), *rest]
        colon = _COLON.match(self._text, end) if option == self._other else None
        return None if colon is None else self._said(option, colon.end())

    def _after(self, at: int) -> Options | None:
        if at == len(self._text):
            return []
        between = _BETWEEN.match(self._text, at)
        return self.read(between.end()) if between else None

    def _said(self, option: str, at: int) -> Options:
        for between in _BETWEEN.finditer(self._text, at):
            rest = self.read(between.end())
            if rest:
                return [(option, self._text[at : between.start()]), *rest]
        return [(option, self._text[at:])]


def _labels(spec: QuestionSpec) -> dict[str, str]:
    named: dict[str, str] = {}
    for option in spec.options:
        words = option.get("label")
        for label in [str(option["id"]), *(words.values() if isinstance(words, Mapping) else ())]:
            named.setdefault(folded(str(label)), str(option["id"]))
    named.pop("", None)
    return named


@cache
def _flags() -> Mapping[str, bool]:
    """Yes and no."""
    yes = dict.fromkeys([*_MARKS, *map(folded, in_every_language(lambda _tag: gettext("Yes")))], True)
    return yes | dict.fromkeys([*_NO_MARKS, *map(folded, in_every_language(lambda _tag: gettext("No")))], False)


@cache
def _states() -> Mapping[str, PlaceState]:
    found = {state.value: state for state in PlaceState}
    for state in PlaceState:
        found |= {folded(words): state for words in in_every_language(lambda _tag, state=state: state_words(state))}  # type: ignore[misc]
    return found


@cache
def _countries() -> Mapping[str, str]:
    return {folded(name): code for tag in INTERFACE_LANGUAGES for code, name in country_names(tag)}


@cache
def _language_names(offered: tuple[str, ...]) -> Mapping[str, str]:
    named = {folded(language_name(tag, other)): tag for other in INTERFACE_LANGUAGES for tag in reversed(offered)}
    return named | {folded(own_name(tag)): tag for tag in reversed(offered)}
