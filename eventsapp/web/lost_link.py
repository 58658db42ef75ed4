"""Send me my link again: for whoever is registered and lost the letter. The page says the same to everybody."""

from flask import Response, request
from itsdangerous import BadSignature, URLSafeSerializer

from eventsapp.actions.resend import send_link
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import Address, masked, read_address
from eventsapp.domain.errors import TooMany
from eventsapp.models import Event
from eventsapp.queries.events import event_by_slug
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words, languages_of, words_in, words_of
from eventsapp.web.errors import retry_after
from eventsapp.web.fields import CheckedForm, Entry, Typed
from eventsapp.web.headers import keep_private
from eventsapp.web.language import read_in
from eventsapp.web.limits import per_network
from eventsapp.web.pages import Pages, link, now, page, settings
from eventsapp.web.personal import see_other
from eventsapp.web.public import plain

lost_link = Pages("lost_link", __name__)


class AskForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__(
            {"email": Entry(Words(_("E-mail address")), "email", autocomplete="email", check=read_address)}
        )
        self.process(typed)

    def address(self) -> Address | None:
        self["email"].read()
        found: Address | None = self["email"].value
        return found


@lost_link.page("/events/<slug>/link", methods=["GET"])
def ask(slug: str) -> Response:
    event = event_by_slug(db.session(), plain(slug))
    return _ask_page(event, AskForm(), address=_signed(request.args.get("sent", "")))


@lost_link.page("/events/<slug>/link", methods=["POST"])
@per_network
def send(slug: str) -> Response:
    """The same answer for every address; whose it is learns the rest by letter."""
    event = event_by_slug(db.session(), plain(slug))
    event_id, slug = event.id, event.slug
    form = AskForm(request.form)
    address = form.address()
    if address is None:
        return _ask_page(event, form, 422)
    try:
        with transaction() as session:
            send_link(session, event_id, address, now=now(), settings=settings())
    except TooMany as error:
        form.blame(error)
        return retry_after(_ask_page(event_by_slug(db.session(), slug), form, 429), error)
    sent = _signer().dumps(masked(address.email))
    return see_other(link("lost_link.ask", slug=slug, sent=sent))


def _ask_page(event: Event, form: AskForm, status: int = 200, address: str = "") -> Response:
    reading = read_in(languages_of(event), event.default_language_tag)
    return keep_private(
        page(
            "lost_link/ask.html",
            status=status,
            event=event,
            organization=event.organization,
            title=words_of(words_in(event, reading).summary, reading.words, reading),
            form=form,
            address=address,
            languages=languages_of(event),
        )
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="lost_link.ask")


def _signed(given: str) -> str:
    """The masked address that we ourselves put into the link, or nothing."""
    try:
        return str(_signer().loads(given)) if given else ""
    except BadSignature:
        return ""
