"""People from a spreadsheet: the file, what its columns are, what would come of it, and then the worker does it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from eventsapp.actions import import_registrations as acting
from eventsapp.db import db, transaction
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import direction, lookup, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import Choose, JobKind, JobState, RegistrationNeed
from eventsapp.models import Event, Job
from eventsapp.queries.exports import date_words, zone_of
from eventsapp.queries.imports.check import Mistake, Report, report
from eventsapp.queries.imports.columns import AT, DATE, EMAIL, FIRST, LAST, NAME, targets
from eventsapp.queries.imports.people import Usual
from eventsapp.reading.spreadsheet import MOST_BYTES, MOST_ROWS
from eventsapp.spreadsheets import CSV_TYPE, Cell, csv_bytes
from eventsapp.translations import gettext as _
from eventsapp.translations import say
from eventsapp.web.editions import Words, languages_of
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.headers import keep_private
from eventsapp.web.language import letter_languages
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.pages import now

imports = Desk("imports", __name__)

HERE = "/events/<event>/registrations/import"
MOST_SHOWN = 100
YES = "yes"


@imports.view(HERE, needs=Right.RUN, methods=["GET", "POST"], takes_files=MOST_BYTES + 1024 * 1024)
def upload(access: Access) -> ResponseReturnValue:
    form = UploadForm()
    if request.method == "GET":
        return _upload_page(access, form)
    file = request.files.get("file")
    try:
        data = file.read(MOST_BYTES + 1) if file is not None else b""
        if not data:
            raise Invalid(N_("Choose a file."))  # noqa: TRY301  said beside the field as all others are
        with transaction() as session:
            usual = _usual(access.event)
            job = acting.prepare(
                session, access.event, data, user=access.user, usual=usual, tag=g.reading.tag, now=now()
            )
            public_id = job.public_id
    except Invalid as error:
        form["file"].blame(error)
        return _upload_page(access, form, status=422)
    return again(at("imports.columns", public_id=public_id))


@imports.view(f"{HERE}/<public_id>/columns", needs=Right.RUN, methods=["GET", "POST"])
def columns(access: Access, public_id: str) -> ResponseReturnValue:
    found = _prepared(access, public_id)
    if request.method == "GET":
        return _columns_page(found, ColumnsForm(access.event, found))
    form = ColumnsForm(access.event, found, request.form)
    usual = form.usual()
    if usual is None:
        return _columns_page(found, form, status=422)
    with transaction():
        acting.choose(_prepared(access, public_id), form.columns, usual)
    return again(at("imports.check", public_id=public_id))


@imports.view(f"{HERE}/<public_id>", needs=Right.RUN)
def check(access: Access, public_id: str) -> Response:
    prepared = _prepared(access, public_id)
    found = _report(access, prepared)
    return desk_page(
        "organizer/imports/check.html",
        job=prepared,
        report=found,
        mistakes=[_said(access, prepared, one) for one in found.mistakes[:MOST_SHOWN]],
    )


@imports.view(f"{HERE}/<public_id>", needs=Right.RUN, methods=["POST"])
def begin(access: Access, public_id: str) -> ResponseReturnValue:
    with transaction() as session:
        tell = request.form.get("tell") == YES
        acting.begin(session, access.event, _prepared(access, public_id), tell=tell, now=now())
    return again(at("jobs.show", public_id=public_id))


@imports.view(f"{HERE}/<public_id>/discard", needs=Right.RUN, methods=["POST"])
def discard(access: Access, public_id: str) -> ResponseReturnValue:
    with transaction() as session:
        acting.discard(session, _prepared(access, public_id))
    say_done(_("The file is forgotten. Nothing was changed."))
    return again(at("imports.upload"))


@imports.view(f"{HERE}/<public_id>/mistakes.csv", needs=Right.RUN)
def mistakes(access: Access, public_id: str) -> Response:
    """The wrong rows as they came, with what is wrong at their end: mended there, the file can be imported as it is."""
    prepared = _prepared(access, public_id)
    wrong: dict[int, list[str]] = {}
    for one in _report(access, prepared).mistakes:
        _row, head, sentence = _said(access, prepared, one)
        wrong.setdefault(one.row, []).append(f"{head}: {sentence}" if head else sentence)
    rows: list[list[Cell]] = [
        [*cells, number, " ".join(wrong[number])]
        for number, cells in acting.rows_of(db.session(), prepared)
        if number in wrong
    ]
    heads = [*prepared.asked["heads"], _("Row"), _("What is wrong")]
    response = Response(csv_bytes([heads, *rows]), mimetype=CSV_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{access.event.slug}-rows.csv"'
    return keep_private(response)


class UploadForm(DeskForm):
    def __init__(self) -> None:
        super().__init__({"file": Entry(Words(_("File")))})


class ColumnsForm(DeskForm):
    """What each column is, and what holds where a new person's row says nothing."""

    def __init__(self, event: Event, job: Job, typed: Typed | None = None) -> None:
        tag = g.reading.tag
        self._named = targets(event, tag)
        self.heads: Sequence[str] = job.asked["heads"]
        kinds = [Option("", Words(_("Leave out")))]
        kinds += [Option(name, Words(words)) for name, words in self._named.items()]
        languages = [Option(one, Words(own_name(one), one, direction(one))) for one in _letter_languages(event)]
        needy = [one for one in event.occurrences if one.registration is RegistrationNeed.REQUIRED]
        dates = [Option(one.key, Words(date_words(one, tag))) for one in needy]
        asked = {
            f"c{at}": Entry(
                Words(_apart(head) or _("Without a head")),
                "select",
                options=kinds,
                hint=Words(" · ".join(map(_apart, job.asked["examples"][at]))),
            )
            for at, head in enumerate(self.heads)
        }
        beside = {
            "language": Entry(Words(_("Language of our letters")), "select", options=languages),
            "zone": Entry(Words(_("City or time zone")), check=lambda text: tzid_from_text(text, tag)),
        }
        if event.choose is not Choose.ALL and len(dates) > 1:
            kind = "radio" if event.choose is Choose.ONE else "checkbox"
            beside["dates"] = Entry(Words(_("Dates")), kind, options=dates, optional=True)  # type: ignore[arg-type]
        super().__init__(asked | beside)
        usual = Usual.read(job.asked["usual"])
        stored: dict[str, Any] = {f"c{at}": target for at, target in enumerate(job.asked["columns"])}
        stored |= {"language": usual.language_tag, "zone": zone_text(usual.tzid, tag), "dates": usual.dates}
        self.process(typed, data=stored)

    @property
    def columns(self) -> list[str]:
        return [self[f"c{at}"].text for at in range(len(self.heads))]

    @property
    def choices(self) -> list[Entry]:
        return [self[f"c{at}"] for at in range(len(self.heads))]

    @property
    def beside(self) -> list[Entry]:
        return [self[name] for name in ("language", "zone", "dates") if name in self]

    def usual(self) -> Usual | None:
        """None where something is wrong, and then ``mistakes`` says what."""
        self._check_columns()
        self["zone"].read()
        if self.mistakes:
            return None
        language, dates = self["language"], self["dates"].data if "dates" in self else []
        known = {option.value for option in (self["dates"].options if "dates" in self else ())}
        if language.text not in {option.value for option in language.options} or not known.issuperset(dates):
            abort(400)
        return Usual(language.text, self["zone"].value, tuple(dict.fromkeys(dates)))

    def _check_columns(self) -> None:
        seen: set[str] = set()
        for entry in self.choices:
            if entry.text and entry.text not in self._named:
                abort(400)
            if entry.text in seen:
                error = Invalid(N_("Two columns cannot both be “%(name)s”."), name=self._named[entry.text])
                entry.blame(error)
            seen |= {entry.text} - {""}
        if EMAIL not in seen:
            self.refusal = _("Say which column holds the e-mail addresses.")
        elif not seen & {NAME, FIRST, LAST}:
            self.refusal = _("Say which column holds the names.")
        elif AT in seen and any(target.startswith(DATE) for target in seen):
            self.refusal = _("Choose either a column that names the date, or a column for each date.")


def _prepared(access: Access, public_id: str) -> Job:
    """An import of this event that is still being looked at, as the database has it now."""
    job = db.session.scalar(
        select(Job)
        .where(
            Job.public_id == public_id,
            Job.event_id == access.event.id,
            Job.kind == JobKind.IMPORT,
            Job.state == JobState.PREPARED,
        )
        .execution_options(populate_existing=True)
    )
    if job is None:
        abort(404)
    return job


def _report(access: Access, job: Job) -> Report:
    session = db.session()
    people = acting.people(session, access.event, job)
    return report(session, access.event, people, Usual.read(job.asked["usual"]), tag=g.reading.tag, now=now())


def _said(access: Access, job: Job, mistake: Mistake) -> tuple[int, str, str]:
    """The row, the head of the column as the file has it, and what is wrong."""
    heads = dict(zip(job.asked["columns"], job.asked["heads"], strict=True))
    head = heads.get(mistake.target) or targets(access.event, g.reading.tag).get(mistake.target, "")
    return mistake.row, head, say(mistake.error)


def _upload_page(access: Access, form: UploadForm, *, status: int = 200) -> Response:
    return desk_page(
        "organizer/imports/upload.html",
        status=status,
        form=form,
        published=access.event.published_at is not None,
        most_rows=MOST_ROWS,
        most_bytes=MOST_BYTES >> 20,
    )


def _columns_page(job: Job, form: ColumnsForm, *, status: int = 200) -> Response:
    return desk_page(
        "organizer/imports/columns.html",
        status=status,
        job=job,
        form=form,
    )


def _apart(text: str) -> str:
    """With a direction of its own: a file may be written in another one than the page."""
    return f"\u2068{text}\u2069" if text else ""


def _usual(event: Event) -> Usual:
    offered = _letter_languages(event)
    return Usual(lookup(event.default_language_tag, offered, offered[0]), zone_of(event))


def _letter_languages(event: Event) -> list[str]:
    return letter_languages(languages_of(event))
