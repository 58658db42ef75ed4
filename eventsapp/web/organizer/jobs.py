"""Long work that the worker does for organizers: how far it is, what it could not do, and the file it made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from eventsapp.actions import jobs as acting
from eventsapp.db import db, transaction
from eventsapp.domain.errors import N_, DomainError, Minutes, NotFound
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models import Event, Job
from eventsapp.spreadsheets import CSV_TYPE, Cell, csv_bytes
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, say
from eventsapp.web.headers import keep_private
from eventsapp.web.organizer.door import Access, Desk, again, visible_events
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.pages import now

jobs = Desk("jobs", __name__)

MOST_LISTED = 50
KINDS = {
    JobKind.EXPORT: N_("Export of registrations"),
    JobKind.IMPORT: N_("Import of registrations"),
    JobKind.BULK: N_("Change of many registrations"),
}
STATES = {
    JobState.QUEUED: N_("Waiting to begin"),
    JobState.RUNNING: N_("At work"),
    JobState.DONE: N_("Done"),
    JobState.FAILED: N_("Stopped"),
    JobState.CANCELLED: N_("Cancelled"),
}
TONES = {JobState.DONE: "good", JobState.FAILED: "bad", JobState.CANCELLED: "warn"}
_TENTH = 10  # per cent: how often the page says aloud how far it is


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done: the row of the file or the registration, the column's head, why."""

    row: str
    reference: str
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Progress:
    job: Job
    now: datetime

    @property
    def title(self) -> str:
        return _(KINDS[self.job.kind])

    @property
    def state(self) -> str:
        ending = self.job.cancel_at is not None and self.job.state is JobState.RUNNING
        return _("Being cancelled") if ending else _(STATES[self.job.state])

    @property
    def tone(self) -> str:
        return TONES.get(self.job.state, "")

    @property
    def waits(self) -> bool:
        return self.job.state in acting.WAITING

    @property
    def may_be_cancelled(self) -> bool:
        return self.waits and self.job.cancel_at is None

    @property
    def has_file(self) -> bool:
        return self.job.kind is JobKind.EXPORT and self.job.state is JobState.DONE

    @property
    def dealt_with(self) -> int:
        return self.job.done + self.job.failed

    @property
    def words(self) -> str:
        """How much is done, of how much where that is known."""
        if self.job.total is None:
            return ngettext("%(num)s done", "%(num)s done", self.job.done)
        return _("%(done)s of %(total)s done", done=self.job.done, total=self.job.total)

    @property
    def failed_words(self) -> str:
        return ngettext("%(num)s failed", "%(num)s failed", self.job.failed) if self.job.failed else ""

    @property
    def left(self) -> str:
        """About how long it still takes, by how long it took so far."""
        job, begun = self.job, self.job.started_at
        if not self.waits or begun is None or not job.total or not self.dealt_with:
            return ""
        seconds = (self.now - begun).total_seconds() * max(job.total - self.dealt_with, 0) / self.dealt_with
        return _("about %(time)s left", time=Minutes(max(round(seconds / 60), 1)))

    @property
    def aloud(self) -> str:
        """For who hears the page: how far it is, in steps of ten per cent."""
        if not self.job.total:
            return self.state
        percent = min(100 * self.dealt_with // self.job.total // _TENTH * _TENTH, 100)
        return f"{self.state}, {percent} %"

    @property
    def failures(self) -> list[Failure]:
        return [_failure(one) for one in self.job.failures]


@jobs.view("/jobs", needs=Right.RUN)
def index(access: Access) -> Response:
    own = select(Job).where(*_visible(access), Job.user_id == access.user.id).options(joinedload(Job.event))
    found = db.session.scalars(own.order_by(Job.id.desc()).limit(MOST_LISTED))
    at_once = now()
    return desk_page("organizer/jobs/index.html", rows=[Progress(job, at_once) for job in found])


@jobs.view("/jobs/<public_id>", needs=Right.RUN)
def show(access: Access, public_id: str) -> Response:
    progress = Progress(_job(access, public_id), now())
    response = desk_page("organizer/jobs/show.html", progress=progress, job=progress.job, event=progress.job.event)
    if request.headers.get("HX-Request") and not progress.waits:
        response.headers["HX-Refresh"] = "true"  # the page that asked again and again is replaced by the last one
    return response


@jobs.view("/jobs/<public_id>/cancel", needs=Right.RUN, methods=["POST"])
def cancel(access: Access, public_id: str) -> ResponseReturnValue:
    with transaction() as session:
        acting.cancel(session, _job(access, public_id), now=now())
    say_done(_("It ends after what it is at. What is done stays done."))
    return again(at("jobs.show", public_id=public_id))


@jobs.view("/jobs/<public_id>/failures.csv", needs=Right.RUN)
def failures(access: Access, public_id: str) -> Response:
    job = _job(access, public_id)
    heads = [_("Row"), _("Reference"), _("Column"), _("What is wrong")]
    found = Progress(job, now()).failures
    rows: list[list[Cell]] = [[one.row, one.reference, one.column, one.sentence] for one in found]
    response = Response(csv_bytes([heads, *rows]), mimetype=CSV_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{job.kind.value}-failures.csv")
    return keep_private(response)


@jobs.view("/jobs/<public_id>/file", needs=Right.EXPORT, fresh=True)
def download(access: Access, public_id: str) -> ResponseReturnValue:
    """The file; the job's page where there is none."""
    job = _job(access, public_id)
    parts = job.files if Progress(job, now()).has_file else []
    if not parts:
        return again(at("jobs.show", public_id=public_id))
    response = Response([part.body for part in parts], mimetype=parts[0].mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=parts[0].name)
    return keep_private(response)


def _visible(access: Access) -> tuple[ColumnElement[bool], ...]:
    """Of the organization; of their events only, where somebody is limited to some."""
    mine: ColumnElement[bool] = Job.event_id.in_(select(Event.id).where(visible_events(access.membership)))
    if not access.membership.limited:
        mine = or_(mine, Job.event_id.is_(None))
    return Job.organization_id == access.organization.id, Job.state != JobState.PREPARED, mine


def _job(access: Access, public_id: str) -> Job:
    job = db.session.scalar(
        select(Job).where(*_visible(access), Job.public_id == public_id).execution_options(populate_existing=True)
    )
    if job is None:
        raise NotFound("There is no such page.")
    return job


def _failure(kept: dict[str, Any]) -> Failure:
    sentence = say(DomainError(kept["message"], **kept["values"]))
    row, reference, column = (str(kept.get(name) or "") for name in ("row", "reference", "column"))
    return Failure(row, reference, column, sentence)
