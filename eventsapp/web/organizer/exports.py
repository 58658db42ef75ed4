"""An event's registrations as a file: the same people that the table's filter finds, and the columns one chooses."""

import io
from collections.abc import Iterator

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from eventsapp.actions.export import export
from eventsapp.db import db, transaction
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.rights import Right
from eventsapp.models import Event
from eventsapp.queries import people
from eventsapp.queries.export_files import FileOrder, write
from eventsapp.queries.exports import USUAL, Wanted, column_names
from eventsapp.queries.people import Filter
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.headers import keep_private
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page
from eventsapp.web.pages import now

exports = Desk("exports", __name__)

COLUMN = "column"  # chosen ones, in the query as in the form
XLSX, PLACE = "xlsx", "place"


@exports.view("/events/<event>/registrations/export", needs=Right.EXPORT, methods=["GET", "POST"], fresh=True)
def choose(access: Access) -> ResponseReturnValue:
    """The query says which people, and which columns are ticked at first."""
    if request.method == "GET":
        return _page(access, ExportForm(access.event, asked=request.args), Filter.read(request.args))
    form, wanted = ExportForm(access.event, request.form), Filter.read(request.form)
    order = form.order(wanted)
    if order is None:
        return _page(access, form, wanted, status=422)
    with transaction() as session:
        job = export(session, event=access.event, user=access.user, order=order, now=now())
        public_id = job.public_id if job is not None else None
    return again(at("jobs.show", public_id=public_id)) if public_id else _file(access.event, order)


def pairs(asked: Filter) -> Iterator[tuple[str, str]]:
    """A filter as the hidden fields of a form."""
    for name, value in asked.query().items():
        yield from ((name, one) for one in ([value] if isinstance(value, str) else value))


class ExportForm(DeskForm):
    def __init__(self, event: Event, typed: Typed | None = None, *, asked: Typed | None = None) -> None:
        names = column_names(event, g.reading.tag)
        columns = [Option(name, Words(words)) for name, words in names.items()]
        rows = [Option("person", Words(_("Each person"))), Option(PLACE, Words(_("Each person and date")))]
        kinds = [Option(XLSX, Words(_("Excel (XLSX)"))), Option("csv", Words("CSV"))]
        super().__init__(
            {
                COLUMN: Entry(Words(_("Columns")), "checkbox", options=columns),
                "rows": Entry(Words(_("A row for")), "radio", options=rows),
                "file": Entry(Words(_("Kind of file")), "radio", options=kinds),
            }
        )
        self._known = set(names)
        ticked = [name for name in (asked.getlist(COLUMN) if asked is not None else ()) if name in names]
        self.process(typed, data={COLUMN: ticked or USUAL, "rows": "person", "file": XLSX})

    def order(self, wanted: Filter) -> FileOrder | None:
        """None where no column is chosen, and then ``mistakes`` says so."""
        columns = tuple(name for name in self[COLUMN].data if name in self._known)
        if not columns:
            self[COLUMN].blame(Invalid(N_("Choose at least one column.")))
            return None
        by_place = self["rows"].text == PLACE
        return FileOrder(Wanted(wanted, columns, by_place), self["file"].text == XLSX, g.reading.tag)


def _page(access: Access, form: ExportForm, wanted: Filter, *, status: int = 200) -> Response:
    session, event = db.session(), access.event
    return desk_page(
        "organizer/exports/choose.html",
        status=status,
        form=form,
        query=list(pairs(wanted)),
        number=people.count(session, event, wanted),
        all=people.count(session, event, Filter()) if wanted else None,
    )


def _file(event: Event, order: FileOrder) -> Response:
    file = io.BytesIO()
    for _done in write(db.session(), event.id, order, file):
        pass
    response = Response(file.getvalue(), mimetype=order.mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=order.file_name(event))
    return keep_private(response)
