"""Registrations as files: whom they hold, and that no spreadsheet computes what somebody typed."""

import csv
import io
from datetime import datetime, timedelta
from threading import Event as Signal

import openpyxl
import pytest
from sqlalchemy import select

from eventsapp.actions import export as exporting
from eventsapp.actions import jobs
from eventsapp.actions.export import export
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import JobKind, JobState, PlaceState, Role
from eventsapp.models import AuditEntry, Event, Job, User
from eventsapp.queries import exports as reading
from eventsapp.queries.export_files import FileOrder
from eventsapp.queries.exports import Wanted
from eventsapp.queries.people import Filter
from eventsapp.reading.spreadsheet import read_sheet
from eventsapp.worker.jobs import Jobs
from tests.conftest import NOW
from tests.statements import statements

AT = "/o/example-league/events/forum/registrations/export"
JOBS = "/o/example-league/jobs"
QUESTION = {
    "key": "found",
    "type": "single_choice",
    "label": {"en": "=How?"},
    "options": [{"id": "friend", "label": {"en": "A friend"}}, {"id": "radio", "label": {"en": "Radio"}}],
}
ANA = "Ana\u0301 “Ñ”, 亜\nB"


@pytest.fixture
def owner(desk, make):
    event = make.event(questions=[QUESTION, {"key": "words", "label": {"en": "Phone"}}])
    return desk(make.member(event.organization))


@pytest.fixture
def people(owner, make):
    event = only_event()
    both = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED}
    answers = {"found": "radio", "words": "+41785324567"}
    make.registration(event, name=ANA, email="ana@example.org", answers=answers, places=both)
    make.registration(
        event, name="=HYPERLINK(1)", email="b@example.org", note="-5", source="@SUM(1)", language_tag="en"
    )


def only_event():
    return db.session.scalars(select(Event).where(Event.slug == "forum")).one()


def exported(owner, **form):
    answer = owner.post(AT, {"column": ["name", "email"], "file": "csv"} | form)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    return answer


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def cells_of(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]


def test_a_csv_file_holds_texts_that_nothing_computes(owner, people):
    columns = ["name", "places", "source", "note", "answer:found", "answer:words"]
    answer = exported(owner, column=columns)
    assert answer.headers["Content-Disposition"] == "attachment; filename=forum-registrations.csv"
    english, spanish = "Saturday 13 June 2026, 4:00 pm (English)", "Sunday 28 June 2026, 5:00 pm (Español)"
    assert rows_of(answer) == [
        ["Name", english, spanish, "Source", "Note", "'=How?", "Phone"],
        [ANA, "Confirmed", "On the waiting list", "", "", "Radio", "+41785324567"],
        ["'=HYPERLINK(1)", "", "Confirmed", "'@SUM(1)", "-5", "", ""],
    ]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in answer.data


def test_a_spreadsheet_has_real_dates_and_no_formula(owner, people):
    columns = ["name", "note", "added", "answer:words"]
    heads, ana, bad = cells_of(exported(owner, column=columns, file="xlsx").data)
    assert [value for value, _kind in heads] == [
        "Name",
        "Note",
        "Registered (Los Angeles)",
        "Registered (UTC)",
        "Phone",
    ]
    assert (ana[0], ana[4]) == ((ANA, "s"), ("+41785324567", "s"))
    assert bad[:2] == [("=HYPERLINK(1)", "s"), ("-5", "s")]
    moment, utc = bad[2], bad[3]
    assert (moment[1], isinstance(moment[0], datetime), utc[1], utc[0][-1]) == ("d", True, "s", "Z")


def test_control_a_formula_is_seen_as_one():
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = "=HYPERLINK(1)"
    book.save(file)
    assert cells_of(file.getvalue()) == [[("=HYPERLINK(1)", "f")]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_our_own_import_reads_what_was_typed(owner, people, kind):
    sheet = read_sheet(exported(owner, column=["name", "note", "answer:words"], file=kind).data)
    cells = [list(row) for _number, row in sheet.rows]
    assert [row[1:] for row in cells] == [["", "+41785324567"], ["-5", ""]]
    assert cells[1][0].removeprefix("'") == "=HYPERLINK(1)"


def test_it_holds_exactly_whom_the_filter_finds_by_person_or_by_place(owner, people, session):
    waiting = {"state": "waitlisted"}
    assert rows_of(exported(owner, **waiting)) == [["Name", "E-mail"], [ANA, "ana@example.org"]]
    by_place = exported(owner, rows="place", column=["email", "places"])
    assert [(row[0], row[-1]) for row in rows_of(by_place)[1:]] == [
        ("ana@example.org", "Confirmed"),
        ("ana@example.org", "On the waiting list"),
        ("b@example.org", "Confirmed"),
    ]
    assert len(rows_of(exported(owner, rows="place", column=["places"], **waiting))) == 2
    page = owner.get(AT, state="waitlisted", column="note").text
    assert '<input type="hidden" name="state" value="waitlisted">' in page
    assert page.count(" checked>") == 3  # the column, and what the file is
    assert "1 of 2 registrations" in page
    table = owner.get(AT.removesuffix("/export"), state="waitlisted", column="note", event="x", endpoint="x").text
    assert f'href="/organizer{AT}?column=note&amp;state=waitlisted"' in table
    session.rollback()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.changes) for entry in entries] == [
        ("exported", {"people": [None, number]}) for number in (1, 2, 1)
    ]


def test_no_column_is_a_mistake_and_nobody_is_exported_unseen(owner, people, make, desk, session):
    answer = owner.post(AT, {"column": ["nonsense"], "q": "Ana"})
    assert (answer.status_code, "Choose at least one column." in answer.text) == (422, True)
    assert '<input type="hidden" name="q" value="Ana">' in answer.text
    organization = only_event().organization
    assert desk(make.member(organization, Role.ASSISTANT)).get(AT).status_code == 403
    assert desk(make.member(organization), fresh=False).post(AT, {"column": ["name"]}).status_code == 303
    session.rollback()
    assert session.scalars(select(AuditEntry)).all() == []


def test_as_many_statements_for_three_as_for_one(owner, make):
    event = only_event()
    form = {"column": ["name", "places", "came", "letters", "answer:found"]}
    make.registration(event, answers={"found": "radio"})
    with statements() as one:
        exported(owner, **form)
    for _number in range(2):
        make.registration(event, answers={"found": "friend"})
    with statements() as three:
        exported(owner, **form)
    assert len(one) == len(three)


@pytest.fixture
def large(owner, people, monkeypatch):
    """Everything is too much to wait for, and read one by one."""
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    monkeypatch.setattr(reading, "BATCH", 1)


@pytest.fixture
def finish(settings, now):
    """The worker does all there is to do; in how many turns."""

    def finish(later=timedelta(0)):
        lane, turns = Jobs(settings, lambda: now + later), 0
        while not lane.work(Signal(), 0.1):
            turns += 1
        return turns

    return finish


def test_a_large_one_is_a_job_whose_file_is_fetched_later(owner, large, finish, session):
    answer = owner.post(AT, {"column": ["name"], "file": "xlsx"})
    job = session.scalars(select(Job)).one()
    page = f"{JOBS}/{job.public_id}"
    assert (answer.status_code, answer.location) == (303, f"/organizer{page}")
    assert owner.get(f"{page}/file").location == f"/organizer{page}"
    assert "0 of 2 done" in owner.get(page).text
    finish()
    session.expire_all()
    assert (job.state, job.done, job.failed) == (JobState.DONE, 2, 0)
    assert owner.client.get(f"/organizer{page}", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "Download the file" in owner.get(page).text
    assert "Export of registrations" in owner.get(JOBS).text
    file = owner.get(f"{page}/file")
    assert (file.status_code, file.headers["Content-Disposition"]) == (
        200,
        "attachment; filename=forum-registrations.xlsx",
    )
    assert [row[0][0] for row in cells_of(file.data)] == ["Name", ANA, "=HYPERLINK(1)"]


def test_others_find_no_job_that_is_not_for_them(owner, large, session, desk, make):
    owner.post(AT, {"column": ["name"]})
    page = f"{JOBS}/{session.scalars(select(Job.public_id)).one()}"
    organization = only_event().organization
    assert desk(make.member(organization, Role.ASSISTANT)).get(page).status_code == 403
    elsewhere = make.event("elsewhere")
    limited = desk(make.member(organization, Role.MANAGER, events=[elsewhere]))
    assert limited.get(page).status_code == 404
    stale = desk(make.member(organization), fresh=False).get(f"{page}/file")
    assert (stale.status_code, stale.location.partition("?")[0]) == (303, "/organizer/verify")


def test_it_speaks_the_reader_s_language_and_starts_again_after_a_kill(owner, large, finish, session):
    event, user, now = only_event(), session.scalars(select(User)).one(), NOW
    with transaction():
        order = FileOrder(Wanted(Filter(), ("name", "places")), xlsx=False, tag="es")
        job_id = export(session, event=event, user=user, order=order, now=now).id
        jobs.claim(session, worker="dead", now=now)
    with transaction():
        session.get(Job, job_id).done = 1
    assert finish(later=jobs.LEASE) == 1
    session.expire_all()
    job = session.get(Job, job_id)
    rows = csv.reader(io.StringIO(b"".join(part.body for part in job.files).decode("utf-8-sig"), newline=""))
    assert (job.state, job.done) == (JobState.DONE, 2)
    assert [row[0] for row in rows] == ["Nombre", ANA, "'=HYPERLINK(1)"]


def test_it_is_cancelled_between_two_batches(owner, large, finish, session, now):
    owner.post(AT, {"column": ["name"]})
    job = session.scalars(select(Job)).one()
    page, job_id = f"{JOBS}/{job.public_id}", job.id
    with transaction():
        jobs.claim(session, worker="other", now=now)
    assert owner.post(f"{page}/cancel").status_code == 303
    assert "Being cancelled" in owner.get(page).text
    finish(later=jobs.LEASE)
    session.expire_all()
    job = session.get(Job, job_id)
    assert (job.state, job.files) == (JobState.CANCELLED, [])


def test_what_failed_is_listed_in_words_and_as_a_file(owner, people, session, now):
    event = only_event()
    failures = [
        {"row": 7, "column": "E-mail", "message": "Row %(row)s is <b>.", "values": {"row": 7}},
        {"row": 8, "message": "=1+1", "values": {}},
    ]
    with transaction():
        job = jobs.order(
            session, organization=event.organization, event=event, user=None, kind=JobKind.IMPORT, asked={}, now=now
        )
        job.state, job.total, job.done, job.failed, job.failures = JobState.FAILED, 9, 1, 102, failures
        public_id = job.public_id
    page = owner.get(f"{JOBS}/{public_id}").text
    assert "Row 7 is &lt;b&gt;." in page
    assert ("1 of 9 done · 102 failed" in page, "These are the first 2." in page, "Refresh" in page) == (
        True,
        True,
        False,
    )
    rows = rows_of(owner.get(f"{JOBS}/{public_id}/failures.csv"))
    assert rows[1:] == [["7", "", "E-mail", "Row 7 is <b>."], ["8", "", "", "'=1+1"]]
    assert public_id not in owner.get(JOBS).text  # somebody else's
