"""The words of an event's letters: which kinds have the organizer's own, editing, preview, a test to oneself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from eventsapp.actions.test_letter import send_to_oneself
from eventsapp.db import db, transaction
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.languages import own_name
from eventsapp.domain.letter_words import doubts
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.vocabulary import WITH_OWN_WORDS, LetterKind, Placeholder
from eventsapp.domain.wording import city_words
from eventsapp.models import Event, Registration
from eventsapp.queries.letters.sample import Sample, sample_letter
from eventsapp.reading.values import EventRecord, LetterWords
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words, languages_of
from eventsapp.web.fields import Entry
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.letter_names import LETTERS, kind_words, placeholder_words
from eventsapp.web.organizer.letter_preview import examples, html_frame, preview_of, with_frames
from eventsapp.web.organizer.pages import at, desk_page
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now, settings

letters = Desk("letters", __name__)

EDITABLE = tuple(kind for kind in LETTERS if kind in WITH_OWN_WORDS)
LIKE_A_CONFIRMATION = (LetterKind.PROMOTED, LetterKind.APPROVED, LetterKind.ALREADY_REGISTERED)
PREVIEW, SEND = "preview", "send"  # what the form's other buttons ask for


@dataclass(frozen=True, slots=True)
class Cell:
    """How one kind stands in one language: own, missing (others are own), as_confirmation, or standard."""

    tag: str
    standing: str


@letters.view("/events/<event>/letters", needs=Right.SEE)
def index(access: Access) -> Response:
    own = {(text.kind, text.language_tag) for text in access.event.letter_texts if text.subject or text.body}
    tags = _tags(access.event)
    rows = [(kind, kind_words(kind), [Cell(tag, _standing(kind, tag, own)) for tag in tags]) for kind in EDITABLE]
    return desk_page("organizer/letters/index.html", tags=tags, rows=rows)


@letters.view("/events/<event>/letters/<kind>/<language>", needs=Right.RUN)
def edit(access: Access, kind: str, language: str) -> Response:
    meant, tag = _meant(access, kind, language), language
    form = WordsForm(access, meant, tag)
    form.process(None, data=_saved(access.event, meant, tag) | form.usual)
    return _page(access, meant, tag, form, typed=False)


@letters.view("/events/<event>/letters/<kind>/<language>", needs=Right.RUN, methods=["POST"])
def change(access: Access, kind: str, language: str) -> ResponseReturnValue:
    meant, tag = _meant(access, kind, language), language
    form = WordsForm(access, meant, tag)
    form.process(request.form)
    wish = request.form.get("do", "")
    if wish == PREVIEW:
        return _page(access, meant, tag, form)
    if wish == SEND:
        return _send(access, meant, tag, form)
    words = form.words()
    if not form.mistakes:
        done = _("The words are saved.")
        back = at("letters.edit", kind=meant, language=tag)
        answer = save(access, lambda record: _with_words(record, meant, tag, words), form=form, back=back, done=done)
        if answer is not None:
            return answer
    return _page(access, meant, tag, form, status=422)


@letters.view("/events/<event>/letters/<kind>/<language>/html", needs=Right.RUN, methods=["GET", "POST"])
def html(access: Access, kind: str, language: str) -> Response:
    """Of what is saved, or of what was just typed: for the frame on the page above."""
    meant, tag = _meant(access, kind, language), language
    form = WordsForm(access, meant, tag)
    typed = request.method == "POST"
    form.process(request.form if typed else request.args, data=form.usual)
    letter = _letter(access, meant, form, words=_typed_words(form, tag) if typed else None)
    if letter is None:
        abort(404)
    return html_frame(letter)


class WordsForm(DeskForm):
    """Subject and body, and for whom the preview is."""

    def __init__(self, access: Access, kind: LetterKind, tag: str) -> None:
        self._event, self._user, self._tag = access.event, access.user, tag
        self._kind = kind
        super().__init__(
            {
                "subject": Entry(Words(_("Subject")), optional=True, hint=Words(_subject_hint())),
                "body": Entry(
                    Words(_("Your words")),
                    "long",
                    optional=True,
                    hint=Words(_("Markdown; they are added to the facts.")),
                ),
                "as": Entry(
                    Words(_("As somebody registered")), optional=True, hint=Words(_("A reference, like K7PM-2QXD."))
                ),
                "name": Entry(Words(_("Name")), optional=True),
                "zone": Entry(
                    Words(_("City or time zone")),
                    optional=True,
                    check=lambda text: tzid_from_text(text, g.reading.tag) if text.strip() else access.user.tzid,
                ),
            },
            version=access.event.version,
        )
        self.usual = {"name": access.user.name, "zone": city_words(access.user.tzid, g.reading.tag)}

    def field_of(self, key: str) -> str:
        """``letters.confirmation.en.subject`` is about the subject."""
        head, _dot, part = key.rpartition(".")
        return part if head == f"letters.{self._kind}.{self._tag}" and part in self else ""

    def words(self) -> LetterWords:
        return LetterWords(clean_line(self["subject"].text), clean_text(self["body"].text))

    def sample(self) -> Sample:
        """Whoever the preview is for. What is typed wrong is blamed, and the usual reader stands in."""
        self["zone"].read()
        tzid = self._user.tzid if self["zone"].errors else self["zone"].value
        usual = Sample(clean_line(self["name"].text), self._tag, tzid)
        reference = clean_line(self["as"].text).upper()
        if not reference:
            return usual
        found = db.session.scalar(
            select(Registration).where(
                Registration.event_id == self._event.id,
                Registration.reference == reference,
                Registration.erased_at.is_(None),
            )
        )
        if found is None:
            self["as"].blame(Invalid(N_("Nobody is registered with this reference.")))
            return usual
        return replace(Sample.of(found), language_tag=self._tag)


def _send(access: Access, kind: LetterKind, tag: str, form: WordsForm) -> Response:
    """What was typed need not be saved, so the page comes back with it."""
    sample = form.sample()
    try:
        with transaction() as session:
            words = _typed_words(form, tag)
            send_to_oneself(
                session, access.event, access.user, kind, sample, words=words, now=now(), settings=settings()
            )
    except DomainError as error:
        form.blame(error)
        return _page(access, kind, tag, form, status=422)
    return _page(access, kind, tag, form, sent=access.user.email)


def _page(
    access: Access,
    kind: LetterKind,
    tag: str,
    form: WordsForm,
    *,
    typed: bool = True,
    status: int = 200,
    sent: str = "",
) -> Response:
    words = _typed_words(form, tag) if typed else None
    letter = _letter(access, kind, form, words=words)
    return with_frames(
        desk_page(
            "organizer/letters/edit.html",
            status=status,
            form=form,
            kind=kind,
            name=kind_words(kind),
            tag=tag,
            tags=_tags(access.event),
            preview=None if letter is None else preview_of(letter, doubts(form["subject"].text, form["body"].text)),
            placeholders=_placeholders(None if letter is None else examples(letter)),
            typed=typed,
            sent=sent,
            asked={name: form[name].text for name in ("as", "name", "zone") if form[name].text},
        )
    )


def _letter(access: Access, kind: LetterKind, form: WordsForm, *, words: dict[str, dict[str, str]] | None) -> Any:
    return sample_letter(
        access.event,
        kind,
        form.sample(),
        recipient=access.user.email,
        words=words,
        now=now(),
        settings=settings(),
    )


def _typed_words(form: WordsForm, tag: str) -> dict[str, dict[str, str]]:
    words = form.words()
    return {tag: {"subject": words.subject, "body": words.body}}


def _placeholders(said: Mapping[Placeholder, str] | None) -> list[tuple[str, str, str]]:
    """Name, meaning, example."""
    return [(f"{{{name}}}", placeholder_words(name), said[name] if said else "") for name in Placeholder]


def _subject_hint() -> str:
    return _("Left empty, the standard one is used.")


def _with_words(record: EventRecord, kind: LetterKind, tag: str, words: LetterWords) -> EventRecord:
    texts = {one: dict(by_tag) for one, by_tag in record.letters.items()}
    texts.setdefault(kind, {})[tag] = words
    if not (words.subject or words.body):
        del texts[kind][tag]
    return replace(record, letters={one: by_tag for one, by_tag in texts.items() if by_tag})


def _saved(event: Event, kind: LetterKind, tag: str) -> dict[str, str]:
    for text in event.letter_texts:
        if (text.kind, text.language_tag) == (kind, tag):
            return {"subject": text.subject, "body": text.body}
    return {}


def _standing(kind: LetterKind, tag: str, own: set[tuple[LetterKind, str]]) -> str:
    if (kind, tag) in own:
        return "own"
    if any(one is kind for one, _tag in own):
        return "missing"
    confirmed = kind in LIKE_A_CONFIRMATION and any(one is LetterKind.CONFIRMATION for one, _tag in own)
    return "as_confirmation" if confirmed else "standard"


def _tags(event: Event) -> list[str]:
    """The event's languages, and any other that a letter has words in."""
    tags = languages_of(event)
    return [*tags, *sorted({text.language_tag for text in event.letter_texts} - set(tags), key=own_name)]


def _meant(access: Access, kind: str, tag: str) -> LetterKind:
    if kind not in set(EDITABLE) or tag not in _tags(access.event):
        abort(404)
    return LetterKind(kind)
