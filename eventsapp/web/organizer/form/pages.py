"""The pages of the form builder: the list of questions, one question, what becomes of it, and the preview."""

from dataclasses import dataclass
from typing import Any

from flask import abort, g, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from eventsapp.db import db
from eventsapp.domain.errors import Refused
from eventsapp.domain.languages import lookup
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import QuestionType
from eventsapp.queries.answers import times_answered, times_chosen
from eventsapp.queries.record import record_of
from eventsapp.queries.registrations import options_left, question_specs
from eventsapp.reading.schema import MOST_QUESTIONS
from eventsapp.reading.values import EventRecord, QuestionRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import languages_of
from eventsapp.web.fields import Entry
from eventsapp.web.language import Reading
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.form import arrange
from eventsapp.web.organizer.form.fields import QuestionForm, lacking
from eventsapp.web.organizer.form.options import STEP
from eventsapp.web.organizer.form.presets import KIND_WORDS, PRESETS, ready_made
from eventsapp.web.organizer.form.preview import previewed
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import desk_page
from eventsapp.web.organizer.saving import save
from eventsapp.web.organizer.trail_words import key_words, value_words
from eventsapp.web.questions import QUESTION, question_fields
from eventsapp.web.questions import QuestionForm as Asked

form = Desk("form", __name__)
form.context_processor(lambda: {"key_words": key_words, "value_words": value_words})

READY_MADE = "ready-"  # before a preset's name, where a kind of answer could stand


@dataclass(frozen=True, slots=True)
class Row:
    """One question in the list; ``asked`` is its field as people see it."""

    question: QuestionRecord
    asked: Entry
    answered: int
    lacking: list[str]


@form.view("/events/<event>/form", needs=Right.RUN)
def index(access: Access) -> ResponseReturnValue:
    return _index(access, DeskForm({}))


@form.view("/events/<event>/form/<key>/arrange", needs=Right.RUN, methods=["POST"])
def order(access: Access, key: str) -> ResponseReturnValue:
    """``do``: up, down, copy, retire or ask."""
    record, empty = record_of(access.event), DeskForm({})
    arrange.question_of(record, key)
    copy = arrange.new_key(key, [one.id for one in record.questions], key)
    here = _address(access, "index")
    changes = {
        "up": (arrange.moved(key, -1), f"{here}#{key}", _("The order is changed.")),
        "down": (arrange.moved(key, 1), f"{here}#{key}", _("The order is changed.")),
        "copy": (arrange.copied(key, copy), _address(access, "question", key=copy), _("This is the copy.")),
        "retire": (arrange.retired(key, really=True), here, _("The question is not asked any more.")),
        "ask": (arrange.retired(key, really=False), here, _("The question is asked again.")),
    }
    if request.form.get("do") not in changes:
        abort(400)
    change, back, done = changes[request.form["do"]]
    return _saved(access, change, empty, back=back, done=done) or _index(access, empty, 422)


@form.view("/events/<event>/questions/new", needs=Right.RUN)
def new(access: Access) -> ResponseReturnValue:
    """``?kind=`` is a kind of answer, or ``ready-`` and the name of a preset."""
    record = record_of(access.event)
    return _question(access, QuestionForm(record, _proposed(access, record), tag=_words_tag(access)), new=True)


@form.view("/events/<event>/questions/new", needs=Right.RUN, methods=["POST"])
def create(access: Access) -> ResponseReturnValue:
    record = record_of(access.event)
    proposed = _proposed(access, record)
    typed = QuestionForm(record, proposed, tag=_words_tag(access), typed=request.form)
    if request.form.get(STEP):
        return _question(access, typed, new=True)
    question = typed.read()
    if question is not None:
        taken = [one.id for one in record.questions]
        label = question.label.get(record.default_language, "")
        key = arrange.new_key(proposed.id or label, taken, "question")
        change = arrange.added(arrange.renamed(question, key))
        here = f"{_address(access, 'index')}#{key}"
        if answer := _saved(access, change, typed, back=here, done=_("The question is added.")):
            return answer
    return _question(access, typed, 422, new=True)


@form.view("/events/<event>/form/<key>", needs=Right.RUN)
def question(access: Access, key: str) -> ResponseReturnValue:
    return _question(access, _form_of(access, key))


@form.view("/events/<event>/form/<key>", needs=Right.RUN, methods=["POST"])
def correct(access: Access, key: str) -> ResponseReturnValue:
    typed = _form_of(access, key, posted=True)
    if request.form.get(STEP):
        return _question(access, typed)
    question = typed.read()
    if question is not None:
        done = _("The question is saved. Answers that name an option you took out stay.") if typed.gone else ""
        done = done or _("The question is saved.")
        here = f"{_address(access, 'index')}#{key}"
        if answer := _saved(access, arrange.put(question), typed, back=here, done=done):
            return answer
    return _question(access, typed, 422)


@form.view("/events/<event>/form/<key>/remove", needs=Right.RUN)
def remove(access: Access, key: str) -> ResponseReturnValue:
    return _remove(access, key, DeskForm({}))


@form.view("/events/<event>/form/<key>/remove", needs=Right.RUN, methods=["POST"])
def take_out(access: Access, key: str) -> ResponseReturnValue:
    empty = DeskForm({})
    arrange.question_of(record_of(access.event), key)
    if times_answered(db.session(), access.event).get(key):
        return _remove(access, key, empty, 422)
    answer = _saved(
        access, arrange.removed(key), empty, back=_address(access, "index"), done=_("The question is removed.")
    )
    return answer or _remove(access, key, empty, 422)


@form.view("/events/<event>/form-preview", needs=Right.RUN)
def preview(access: Access) -> ResponseReturnValue:
    """As people see it, in the language ``?in=``."""
    tags = languages_of(access.event)
    tag = lookup(request.args.get("in", ""), tags, access.event.default_language_tag)
    return desk_page("organizer/form/preview.html", tags=tags, tag=tag, shown=Markup(previewed(access.event, tag)))  # noqa: S704  a template of ours


def _index(access: Access, form: DeskForm, status: int = 200) -> ResponseReturnValue:
    record, answered = record_of(access.event), times_answered(db.session(), access.event)
    tag = _words_tag(access)
    reading = Reading(tag=g.reading.tag, words=tag, interface=g.reading.interface)
    left = options_left(db.session(), access.event)
    asked = Asked(question_fields(question_specs(access.event, retired=True), reading, left))
    rows = [
        Row(one, asked[f"{QUESTION}{one.id}"], answered.get(one.id, 0), lacking(one, list(record.languages)))
        for one in record.questions
    ]
    return desk_page(
        "organizer/form/index.html",
        status=status,
        form=form,
        rows=[row for row in rows if not row.question.retired],
        retired=[row for row in rows if row.question.retired],
        full=len(rows) >= MOST_QUESTIONS,
        version=_version(access, form),
        kinds=KIND_WORDS,
        presets=PRESETS,
        ready_made=READY_MADE,
    )


def _question(access: Access, form: QuestionForm, status: int = 200, *, new: bool = False) -> ResponseReturnValue:
    return desk_page("organizer/form/question.html", status=status, form=form, new=new, version=_version(access, form))


def _remove(access: Access, key: str, form: DeskForm, status: int = 200) -> ResponseReturnValue:
    record = record_of(access.event)
    question = arrange.question_of(record, key)
    return desk_page(
        "organizer/form/remove.html",
        status=status,
        form=form,
        question=question,
        label=arrange.label_of(record, question, _words_tag(access)),
        answered=times_answered(db.session(), access.event).get(key, 0),
        waiting=[arrange.label_of(record, one, _words_tag(access)) for one in arrange.waiting_for(record, key)],
        version=_version(access, form),
    )


def _form_of(access: Access, key: str, *, posted: bool = False) -> QuestionForm:
    record = record_of(access.event)
    return QuestionForm(
        record,
        arrange.question_of(record, key),
        tag=_words_tag(access),
        typed=request.form if posted else None,
        answered=times_answered(db.session(), access.event).get(key, 0),
        chosen=times_chosen(db.session(), access.event, key),
    )


def _proposed(access: Access, record: EventRecord) -> QuestionRecord:
    """What a new question begins with. Its id is a preset's, or empty."""
    wished = request.args.get("kind", "")
    name = wished.removeprefix(READY_MADE)
    if name != wished and name in PRESETS:
        return ready_made(name, name, list(record.languages), access.organization)
    kind = next((kind for kind in QuestionType if kind == wished), QuestionType.SHORT_TEXT)
    return QuestionRecord("", kind, False, {})


def _saved(
    access: Access, change: arrange.Change, form: DeskForm, *, back: str, done: str
) -> ResponseReturnValue | None:
    try:
        return save(access, change, form=form, back=back, done=done)
    except Refused as error:
        form.blame(error)
        return None


def _version(access: Access, form: DeskForm) -> int | str:
    """The one that the page was opened with; after a conflict the one that was shown then."""
    return form.version or request.form.get("version") or access.event.version


def _words_tag(access: Access) -> str:
    """In which of the event's languages its words are shown to this reader."""
    return lookup(g.reading.tag, languages_of(access.event), access.event.default_language_tag)


def _address(access: Access, endpoint: str, **values: Any) -> str:
    return url_for(
        f"organizer.form.{endpoint}", organization=access.organization.slug, event=access.event.slug, **values
    )
