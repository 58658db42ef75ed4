"""Writes a large table file. It reads in batches and holds no lock meanwhile; killed, it begins anew, and nobody sees
half a file.
"""

import contextlib
import tempfile
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import jobs
from eventsapp.actions.jobs import File
from eventsapp.db import db, transaction
from eventsapp.domain.languages import direction
from eventsapp.domain.vocabulary import JobState
from eventsapp.models import Event, Job
from eventsapp.queries.exports import Sheet, Wanted
from eventsapp.spreadsheets import CSV_TYPE, XLSX_TYPE, CsvWriter, Writer, XlsxWriter
from eventsapp.translations import speaking


def export(job_id: int, *, worker: str, clock: Callable[[], datetime]) -> None:
    """The file of one job, from the first row to the last, unless somebody ends it."""
    asked = _asked(db.session(), job_id)
    db.session.rollback()
    with contextlib.ExitStack() as stack:
        stack.enter_context(speaking(asked["tag"]))
        file = stack.enter_context(tempfile.TemporaryFile())
        right_to_left = direction(asked["tag"]) == "rtl"
        xlsx = asked["format"] == "xlsx"
        writer: Writer = XlsxWriter(file, right_to_left=right_to_left) if xlsx else CsvWriter(file)
        done = after_id = 0
        heads = True
        while True:
            event = db.session.get_one(Event, asked["event_id"])
            sheet = Sheet(event, Wanted.read(asked), tag=asked["tag"])
            if heads:
                writer.row(sheet.heads())
                heads = False
            rows, number, after_id = sheet.batch(db.session(), event, after_id=after_id)
            for row in rows:
                writer.row(row)
            if not number:
                break
            done += number
            if not _report(job_id, done, worker=worker, now=clock()):
                return
        writer.close()
        _keep(job_id, file, asked, worker=worker, now=clock())
