"""Hand hostile files and mails to what takes them in, and look at what it says."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st

from eventsapp.actions.import_record import import_files
from eventsapp.actions.reports import take_in
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Invalid
from eventsapp.mail.verp import envelope_sender, letter_named_by
from eventsapp.models import Message
from eventsapp.reading.mistakes import Mistake, RecordRefused
from eventsapp.reading.spreadsheet import read_sheet
from eventsapp.web.pages import now
from tests.fuzz import files
from tests.fuzz.requests import TEXT
from tests.fuzz.site import Asked, Site
from tests.fuzz.sweep import PATIENCE, within
from tests.mail.returned import answer


def every(strategy: st.SearchStrategy[Any], how: examples, begin: int | None, check: Callable[[Any], object]) -> None:
    """``check`` each drawn one; raises the shortest that fails."""

    @examples(how, suppress_health_check=list(HealthCheck), deadline=None)
    @given(strategy)
    def one(drawn: Any) -> None:
        with within(PATIENCE):
            check(drawn)

    (one if begin is None else seed(begin)(one))()


def import_any_record(site: Site, how: examples, begin: int | None = None) -> None:
    """It is taken over, or each mistake says where it is and what it is; and then nothing was changed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.yaml"

        def check(data: bytes) -> None:
            path.write_bytes(data)
            db.session.rollback()
            for mistake in mistakes_in(path):
                assert mistake.message.strip()
                assert mistake.file.endswith("record.yaml")
                assert str(mistake).encode()

        def mistakes_in(path: Path) -> Sequence[Mistake]:
            try:
                with transaction() as session:
                    import_files(session, [path], now=now(), settings=site.settings, rehearse=True)
                    session.flush()
                    session.rollback()
            except RecordRefused as refused:
                return refused.mistakes
            return ()

        every(files.records(), how, begin, check)


def take_in_any_mail(site: Site, how: examples, begin: int | None = None) -> None:
    """It is used or ignored, and never an error: the mail server would try again for days."""
    site.ready()
    message = db.session.query(Message).filter_by(dedupe_key="letter").one()
    sender = envelope_sender(message.public_id, site.settings)
    known = {
        "to": sender,
        "recipient": str(message.recipient),
        "returned": f"Message-ID: {message.message_id}\r\nX-Eventsapp-Correlation: {message.public_id}",
    }

    def check(raw: bytes) -> None:
        with transaction() as session:
            take_in(session, raw, now=now(), settings=site.settings)
            session.flush()
            session.rollback()

    reply = answer("forum-english@events.example.org", known["recipient"])
    every(files.mails(reply, **known), how, begin, check)
    every(
        TEXT | TEXT.map(lambda text: sender.replace("+", text)),
        how,
        begin,
        lambda text: letter_named_by(text, site.settings),
    )


def read_any_sheet(site: Site, how: examples, begin: int | None = None) -> None:
    """It is read, or said what to do; and what is read can be looked at on the pages that follow."""

    def check(data: bytes) -> None:
        with suppress(Invalid):
            read_sheet(data)
        site.ready()
        assert site.owner is not None
        answer = upload(site, data)
        # 400: what stands in the file was the end of the form
        assert answer.status_code in (303, 400, 422), answer.get_data(as_text=True)
        if answer.status_code == 303:
            columns = answer.headers["Location"].encode()
            for path in (columns, columns.removesuffix(b"/columns"), columns.replace(b"/columns", b"/mistakes.csv")):
                assert site.ask(Asked("GET", path), signed_in=True).status_code < 500

    every(files.sheets(), how, begin, check)


def upload(site: Site, data: bytes) -> Any:
    assert site.owner is not None
    body = b"".join(
        [
            b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + site.owner.token().encode() + b"\r\n",
            b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + data + b"\r\n--B--\r\n",
        ]
    )
    path = b"/organizer/o/example-league/events/forum/registrations/import"
    return site.ask(Asked("POST", path, body=body, content_type="multipart/form-data; boundary=B"), signed_in=True)
