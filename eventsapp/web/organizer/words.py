"""An event's words, languages side by side: what is missing, and what is older than the default language's."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial

from babel.dates import format_date
from flask import abort, g, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import func, select

from eventsapp.actions.words import mark_current
from eventsapp.db import db, transaction
from eventsapp.domain.cities import folded
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import (
    babel_locale,
    canonical_tag,
    direction,
    known_tags,
    language_name,
    own_name,
)
from eventsapp.domain.markdown import to_html
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.timezones import local
from eventsapp.models import Event, LanguageVariant, Registration
from eventsapp.queries.record import record_of
from eventsapp.reading.completeness import missing_translations
from eventsapp.reading.schema import LONGEST_WORDS
from eventsapp.reading.values import EventRecord, Labels, LetterWords, Words
from eventsapp.translations import INTERFACE_LANGUAGES, say
from eventsapp.translations import gettext as _
from eventsapp.web import editions
from eventsapp.web.fields import Entry, Typed
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.making import read_title
from eventsapp.web.organizer.pages import desk_page
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now

words = Desk("words", __name__)

PARTS = tuple(part.name for part in fields(Words))
MARKDOWN = frozenset({"description", "what_to_bring"})
CURRENT = "current"  # checked texts are as new as the default language's
_HELD = N_("Dates are held in this language. Give them another one first.")
_LOOK = "look"  # the button that shows what was typed, and saves nothing


@dataclass(frozen=True, slots=True)
class Cell:
    """One text in one language. ``since`` is when the default's changed, where this one is older."""

    tag: str
    entry: Entry
    missing: bool
    since: str
    preview: Markup | None


class WordsForm(DeskForm):
    """One field for each text and language: ``description-es``."""

    def __init__(self, event: Event, typed: Typed | None = None) -> None:
        self.event, self.tags = event, _tags(event)
        super().__init__(
            {f"{part}-{tag}": _entry(part, tag) for part in PARTS for tag in self.tags}, version=event.version
        )
        stored = {one.language_tag: one for one in event.variants}
        self.process(typed, data={f"{part}-{tag}": getattr(stored[tag], part) for part in PARTS for tag in self.tags})
        for field in self:
            field.words = editions.Words(own_name(_tag(field)), _tag(field), direction(_tag(field)))

    def field_of(self, key: str) -> str:
        """``languages.es.summary`` is the field ``summary-es``."""
        return super().field_of("-".join(reversed(key.removeprefix("languages.").split("."))))

    def change(self, record: EventRecord) -> EventRecord:
        said = {tag: {part: self[f"{part}-{tag}"].value for part in PARTS} for tag in self.tags}
        kept = {tag: replace(old, **said.get(tag, {})) for tag, old in record.languages.items()}
        return replace(record, languages=kept)

    def rows(self) -> Iterator[tuple[str, list[Cell]]]:
        """Each text with its languages, the default first."""
        default, *others = self.tags
        variants = {one.language_tag: one for one in self.event.variants}
        for part in PARTS:
            filled = any(self[f"{part}-{tag}"].text for tag in self.tags)
            cells = [_cell(self[f"{part}-{default}"], part, default, missing=filled)]
            for tag in others:
                since = _older(part, variants[tag], variants[default])
                cells.append(_cell(self[f"{part}-{tag}"], part, tag, missing=filled, since=since))
            yield part, cells


class NewLanguageForm(DeskForm):
    def __init__(self, event: Event, typed: Typed | None = None) -> None:
        there = _tags(event)
        super().__init__(
            {
                "language": Entry(
                    editions.Words(_("Language")),
                    hint=editions.Words(_("Its name, or a code such as es or pt-BR.")),
                    check=lambda text: read_language(text, there),
                ),
                "title": Entry(editions.Words(_("Title in this language")), check=read_title),
            },
            version=event.version,
        )
        self.process(typed)

    def field_of(self, key: str) -> str:
        return "title" if key.endswith("summary") else "language" if key.startswith("languages") else ""


class PlainForm(DeskForm):
    """Buttons that need no field but the version."""

    def __init__(self, event: Event) -> None:
        super().__init__({}, version=event.version)


def read_language(text: str, there: list[str]) -> str:
    """The tag of a language by its code or by its name in itself or in the reader's. Raises Invalid."""
    wanted = clean_line(text, 100).rpartition("(")
    typed = wanted[2].strip(" )")
    names = {folded(own_name(tag)): tag for tag in known_tags()}
    names |= {folded(language_name(tag, g.reading.tag)): tag for tag in known_tags()}
    if not typed:
        raise Invalid(N_("Choose a language."), key="language")
    tag = names.get(folded(typed)) or names.get(folded(text)) or canonical_tag(typed)
    if tag in there:
        raise Invalid(N_("This event has words in that language already."), key="language")
    return tag


@words.view("/events/<event>/words", needs=Right.RUN, methods=("GET", "POST"))
def index(access: Access) -> ResponseReturnValue:
    form = WordsForm(access.event, request.form if request.method == "POST" else None)
    if request.method == "GET" or _LOOK in request.form:
        return _page(access, form, looking=_LOOK in request.form)
    for field in form:
        field.read()
    if not form.mistakes:
        answer = save(access, form.change, form=form, back=_here(access), done=_("The words are saved."))
        if answer is not None:
            if answer.status_code == 303:  # noqa: PLR2004
                _mark(access.event.id)
            return answer
    return _page(access, form, status=422)


@words.view("/events/<event>/words/preview", needs=Right.RUN, methods=("POST",))
def preview(access: Access) -> ResponseReturnValue:
    """What a text in Markdown will look like: a piece of a page, for the script."""
    name = request.args.get("text", "")
    part, _dash, tag = name.partition("-")
    if part not in MARKDOWN or tag not in _tags(access.event):
        abort(404)
    return desk_page("organizer/words/preview.html", preview=rendered(request.form.get(name, "")))


@words.view("/events/<event>/words/add", needs=Right.RUN, methods=("GET", "POST"))
def add(access: Access) -> ResponseReturnValue:
    form = NewLanguageForm(access.event, request.form if request.method == "POST" else None)
    if request.method == "POST":
        for field in form:
            field.read()
        if not form.mistakes:
            tag, title = form["language"].value, form["title"].value

            def change(record: EventRecord) -> EventRecord:
                return replace(record, languages={**record.languages, tag: Words(title)})

            done = _("%(language)s is there now. Write its texts.", language=own_name(tag))
            if (answer := save(access, change, form=form, back=_here(access), done=done)) is not None:
                return answer
    known = [tag for tag in known_tags(INTERFACE_LANGUAGES) if tag not in _tags(access.event)]
    return desk_page(
        "organizer/words/add.html",
        status=200 if request.method == "GET" else 422,
        form=form,
        known=known,
        language_name=language_name,
    )


@words.view("/events/<event>/words/<variant>", needs=Right.RUN, methods=("GET", "POST"))
def language(access: Access, variant: str) -> ResponseReturnValue:
    """One language that is not the default: make it that, or take it away."""
    event, tag = access.event, variant
    if tag not in _tags(event)[1:]:
        abort(404)
    form, held = PlainForm(event), [one for one in event.occurrences if one.language_tag == tag]
    if request.method == "POST":
        answer = None
        if request.form.get("do") == "default":
            done = _("%(language)s is the default language now.", language=own_name(tag))
            answer = save(
                access, lambda one: replace(one, default_language=tag), form=form, back=_here(access), done=done
            )
        elif held:
            form.refusal = say(Invalid(_HELD))
        else:
            done = _("%(language)s is removed.", language=own_name(tag))
            answer = save(access, lambda one: without_language(one, tag), form=form, back=_here(access), done=done)
        if answer is not None:
            return answer
    readers = db.session.scalar(
        select(func.count()).where(Registration.event_id == event.id, Registration.language_tag == tag)
    )
    return desk_page(
        "organizer/words/language.html",
        status=200 if request.method == "GET" else 422,
        form=form,
        tag=tag,
        readers=readers,
        held=held,
        default=event.default_language_tag,
    )


def without_language(record: EventRecord, tag: str) -> EventRecord:
    """The record without one language's words, wherever they stand."""

    def less(labels: Labels) -> dict[str, str]:
        return {key: text for key, text in labels.items() if key != tag}

    return replace(
        record,
        languages={key: said for key, said in record.languages.items() if key != tag},
        topics=tuple(kept for topic in record.topics if (kept := less(topic))),
        occurrences=tuple(
            replace(one, location=less(one.location), recording=less(one.recording)) for one in record.occurrences
        ),
        questions=tuple(
            replace(
                one,
                label=less(one.label),
                help=less(one.help),
                options=tuple(replace(option, label=less(option.label)) for option in one.options),
            )
            for one in record.questions
        ),
        letters={kind: left for kind, said in record.letters.items() if (left := _less(said, tag))},
    )


def rendered(text: str) -> Markup:
    """Markdown as the event's page shows it; safe HTML."""
    return Markup(to_html(clean_text(text)[: LONGEST_WORDS["description"]]))  # noqa: S704  sanitized there


def _less(said: Mapping[str, LetterWords], tag: str) -> dict[str, LetterWords]:
    return {key: one for key, one in said.items() if key != tag}


def _page(access: Access, form: WordsForm, *, status: int = 200, looking: bool = False) -> ResponseReturnValue:
    missing = Counter(_room(line) for line in missing_translations(record_of(access.event)))
    return desk_page(
        "organizer/words/index.html",
        status=status,
        form=form,
        looking=looking,
        elsewhere={room: missing[room] for room in ("form", "dates", "letters", "details") if missing[room]},
        titles=_titles(),
        current=set(request.form.getlist(CURRENT)),
    )


def _room(line: str) -> str:
    """Where a missing text is written."""
    rooms = {"registration": "form", "occurrences": "dates", "letters": "letters", "topics": "details"}
    return next((room for start, room in rooms.items() if line.startswith(start)), "words")


def _titles() -> dict[str, tuple[str, str]]:
    """Each text's name, and what it is for."""
    return {
        "summary": (_("Title"), ""),
        "excerpt": (_("In one sentence"), _("Stands under the title, in lists and in search results.")),
        "description": (_("Description"), _("You can use Markdown: **bold**, lists, links.")),
        "what_to_bring": (_("What to bring"), _("Also stands in the letters.")),
        "picture_alt": (_("The picture in words"), _("For people who cannot see it.")),
    }


def _entry(part: str, tag: str) -> Entry:
    return Entry(
        editions.Words(own_name(tag), tag, direction(tag)),
        "long" if part in MARKDOWN else "text",
        optional=part != "summary",
        check=read_title if part == "summary" else partial(_read, part),
    )


def _read(part: str, text: str) -> str:
    limit = LONGEST_WORDS[part]
    read = (clean_text if part in MARKDOWN else clean_line)(text, limit + 1)
    if len(read) > limit:
        raise Invalid(N_("Write at most %(limit)s characters."), limit=limit)
    return read


def _cell(entry: Entry, part: str, tag: str, *, missing: bool, since: str = "") -> Cell:
    preview = rendered(entry.text) if part in MARKDOWN else None
    return Cell(tag, entry, missing and not entry.text, since if entry.text else "", preview)


def _older(part: str, variant: LanguageVariant, default: LanguageVariant) -> str:
    """The day on which the default's text changed, in the reader's words; empty where this one is as new."""
    at = default.changed.get(part, "")
    if not getattr(default, part) or at <= variant.changed.get(part, ""):
        return ""
    day = local(datetime.fromisoformat(at), g.access.user.tzid)
    return str(format_date(day, "d MMMM", locale=babel_locale(g.reading.tag)))


def _mark(event_id: int) -> None:
    chosen = [name.partition("-") for name in request.form.getlist(CURRENT)]
    texts = [(tag, part) for part, _dash, tag in chosen if part in PARTS]
    if texts:
        with transaction() as session:
            mark_current(session, event_id, texts, now=now())


def _tags(event: Event) -> list[str]:
    """The default language first."""
    tags = [one.language_tag for one in event.variants]
    return sorted(tags, key=lambda tag: tag != event.default_language_tag)


def _tag(field: Entry) -> str:
    return str(field.name).partition("-")[2]


def _here(access: Access) -> str:
    return url_for("organizer.words.index", organization=access.organization.slug, event=access.event.slug)
