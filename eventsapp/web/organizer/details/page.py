"""The page about the whole event: its form, its address, its picture."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import request, url_for
from flask.typing import ResponseReturnValue

from eventsapp.actions import pictures
from eventsapp.actions.rename_event import rename_event
from eventsapp.db import transaction
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.models import Event
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Typed
from eventsapp.web.organizer.details.desk import details
from eventsapp.web.organizer.details.form import DetailsForm
from eventsapp.web.organizer.details.rows import DO, rearranged
from eventsapp.web.organizer.door import Access, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now, settings

_FORM_BYTES = 1024 * 1024  # what a form has beside its file


class PictureForm(DeskForm):
    def __init__(self, event: Event) -> None:
        super().__init__({"picture": Entry(Words(_("Picture")))}, version=event.version)


class AddressForm(DeskForm):
    """``before``: what stands before it in a whole address; ``known``: others may have the address already."""

    def __init__(self, event: Event, typed: Typed | None = None) -> None:
        self.before, self.known = f"{settings().base_url}/events/", event.published_at is not None
        fields = {"slug": Entry(Words(_("Address of the page")), "url")}
        if self.known:
            fields["sure"] = Entry(Words(_("Change it all the same")), "consent")
        super().__init__(fields)
        self.process(typed, data={"slug": event.slug})


@details.view("/events/<event>/details", needs=Right.RUN, methods=("GET", "POST"))
def index(access: Access) -> ResponseReturnValue:
    """POST saves, or only adds or takes away a row of the form where one of its buttons says so."""
    if request.method == "GET":
        return _page(access)
    if request.form.get(DO):
        return _page(access, form=DetailsForm(access.event, rearranged(request.form)))
    form = DetailsForm(access.event, request.form)
    if change := form.change():
        answer = save(access, change, form=form, back=at("details.index"), done=_("The details are saved."))
        if answer is not None:
            return answer
    return _page(access, form=form, status=422)


@details.view(
    "/events/<event>/details/picture",
    needs=Right.RUN,
    methods=("POST",),
    takes_files=pictures.MOST_BYTES + _FORM_BYTES,
)
def picture(access: Access) -> ResponseReturnValue:
    """Another picture, or none any more."""
    form = PictureForm(access.event)
    try:
        name = "" if request.form.get("do") == "remove" else _uploaded()
    except Invalid as error:
        form["picture"].blame(error)
    else:
        done = _("The picture is saved.") if name else _("The picture is removed.")
        answer = save(access, lambda one: replace(one, picture=name), form=form, back=at("details.index"), done=done)
        if answer is not None:
            return answer
    return _page(access, upload=form, status=422)


@details.view("/events/<event>/details/address", needs=Right.RUN, methods=("POST",))
def address(access: Access) -> ResponseReturnValue:
    """Another address for the event's pages. Its personal links and short links lead on."""
    form = AddressForm(access.event, request.form)
    wanted = form["slug"].text.strip()
    try:
        if form.known and wanted != access.event.slug and not form["sure"].text:
            raise Invalid(N_("Tick this, or leave the address as it is."), key="sure")  # noqa: TRY301
        with transaction() as session:
            rename_event(session, access.event.id, wanted, user=access.user, now=now())
    except Invalid as error:
        form.blame(error)
        return _page(access, moving=form, status=422)
    say_done(_("The page has its new address."))
    return again(url_for("organizer.details.index", organization=access.organization.slug, event=wanted))


def _page(
    access: Access,
    *,
    form: DetailsForm | None = None,
    upload: PictureForm | None = None,
    moving: AddressForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    return desk_page(
        "organizer/details/index.html",
        status=status,
        form=form or DetailsForm(access.event),
        upload=upload or PictureForm(access.event),
        moving=moving or AddressForm(access.event),
        picture=access.event.picture,
    )


def _uploaded() -> str:
    """The name under which the picture that was sent is kept. Raises Invalid."""
    sent = request.files.get("picture")
    if sent is None or not sent.filename:
        raise Invalid(N_("Choose a picture."), key="picture")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        sent.save(path)
        sent.close()
        try:
            return pictures.store(pictures.read_picture(path), settings().pictures_path)
        except Invalid as error:
            shown = clean_line(sent.filename, 60)
            raise Invalid(error.message, key="picture", **error.values | {"name": shown}) from error
