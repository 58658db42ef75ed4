"""Short links: made, renamed and removed, each with a QR code to print."""

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from eventsapp.actions.channels import LONGEST_NAME, close_channel, open_channel, rename_channel
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Invalid, NotFound
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.drawing.qr import qr_svg
from eventsapp.models import Channel, Visits
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import desk_page, say_done
from eventsapp.web.pages import absolute, now

channels = Desk("channels", __name__)


class ChannelForm(DeskForm):
    def __init__(self, name: str = "", *, typed: bool = False) -> None:
        hint = Words(_("For example: newsletter, poster, Instagram. Only you and your team see it."))
        super().__init__({"name": Entry(Words(_("Where the link will stand")), hint=hint)})
        self.process(request.form if typed else None, data={"name": name})

    @property
    def name(self) -> str:
        return clean_line(self["name"].text, LONGEST_NAME + 1)


@channels.view("/events/<event>/links", needs=Right.RUN)
def index(access: Access) -> ResponseReturnValue:
    return _page(access, ChannelForm())


@channels.view("/events/<event>/links", needs=Right.RUN, methods=["POST"])
def create(access: Access) -> ResponseReturnValue:
    form = ChannelForm(typed=True)
    try:
        with transaction() as session:
            event = session.merge(access.event)
            channel = open_channel(session, event, form.name, user=access.user, now=now())
            name = channel.name
    except Invalid as error:
        form.blame(error)
        return _page(access, form, status=422)
    say_done(_("The short link for “%(name)s” is ready.", name=name))
    return again(_home(access))


@channels.view("/events/<event>/links/<code>", needs=Right.RUN)
def edit(access: Access, code: str) -> ResponseReturnValue:
    channel = _channel(access, code)
    return _one(channel, ChannelForm(channel.name))


@channels.view("/events/<event>/links/<code>", needs=Right.RUN, methods=["POST"])
def save(access: Access, code: str) -> ResponseReturnValue:
    """Another name, or, by its own button, away with it."""
    form = ChannelForm(typed=True)
    try:
        with transaction() as session:
            channel, event = _channel(access, code), session.merge(access.event)
            if "remove" in request.form:
                close_channel(session, event, channel, user=access.user, now=now())
                done = _("The short link is gone. People keep where they came from.")
            else:
                rename_channel(session, event, channel, form.name, user=access.user, now=now())
                done = _("The new name is saved. The link is the same as before.")
    except Invalid as error:
        form.blame(error)
        return _one(_channel(access, code), form, status=422)
    say_done(done)
    return again(_home(access))


@channels.view("/events/<event>/links/<code>/qr.svg", needs=Right.RUN)
def qr(access: Access, code: str) -> Response:
    """To print: it prints sharp at any size."""
    response = Response(qr_svg(short_url(_channel(access, code))), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def short_url(channel: Channel) -> str:
    return absolute(url_for("short_links.follow", code=channel.code))


def _home(access: Access) -> str:
    return url_for("organizer.channels.index", organization=access.organization.slug, event=access.event.slug)


def _channel(access: Access, code: str) -> Channel:
    channel = db.session.scalar(select(Channel).where(Channel.event_id == access.event.id, Channel.code == code))
    if channel is None:
        raise NotFound("There is no such page.")
    return channel


def _page(access: Access, form: ChannelForm, *, status: int = 200) -> Response:
    rows = db.session.execute(
        select(Channel, func.coalesce(func.sum(Visits.number), 0))
        .outerjoin(Visits, Visits.channel_id == Channel.id)
        .where(Channel.event_id == access.event.id)
        .group_by(Channel.id)
        .order_by(Channel.name)
    ).all()
    return desk_page("organizer/numbers/channels.html", status=status, form=form, rows=rows, short_url=short_url)


def _one(channel: Channel, form: ChannelForm, *, status: int = 200) -> Response:
    return desk_page(
        "organizer/numbers/channel.html", status=status, form=form, channel=channel, url=short_url(channel)
    )
