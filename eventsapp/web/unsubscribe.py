"""The door that ends reminders or follow-ups: a page with one button, and what mail programs press (RFC 8058).

The link came by letter and opens nothing else. GET changes nothing; the same POST twice is answered the same.
"""

from dataclasses import dataclass

from flask import Response

from eventsapp.actions import suppress
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import masked
from eventsapp.domain.vocabulary import Purpose
from eventsapp.models import Registration
from eventsapp.queries.suppressed import wishes_of
from eventsapp.web.limits import per_network
from eventsapp.web.pages import Pages, link, now, settings
from eventsapp.web.personal import opened, personal_page, see_other

unsubscribe = Pages("unsubscribe", __name__)


@dataclass(frozen=True, slots=True)
class Letters:
    """One of the two sorts of letters that one can end, by its name in the address."""

    kind: str
    token: str

    @property
    def purpose(self) -> Purpose:
        return Purpose.REMINDERS if self.kind == "reminders" else Purpose.FOLLOW_UPS

    def registration(self) -> Registration:
        return opened(self.token, self.purpose)


@unsubscribe.page("/unsubscribe/<any('reminders','follow-ups'):kind>/<token>", methods=["GET"])
def ask(kind: str, token: str) -> Response:
    return _page(Letters(kind, token))


@unsubscribe.page("/unsubscribe/<any('reminders','follow-ups'):kind>/<token>", methods=["POST"])
def end(kind: str, token: str) -> Response:
    """200 without a redirect, as RFC 8058 asks; from anywhere, since no cookie and nothing but the address counts."""
    letters = Letters(kind, token)
    with transaction() as session:
        registration = letters.registration()
        suppress.end_letters(session, registration, letters.purpose, now=now(), settings=settings())
    return _page(letters)


@unsubscribe.page("/unsubscribe/<any('reminders','follow-ups'):kind>/<token>/again", methods=["POST"])
@per_network
def resume(kind: str, token: str) -> Response:
    letters = Letters(kind, token)
    with transaction() as session:
        registration = letters.registration()
        suppress.resume_letters(session, registration, letters.purpose, now=now(), settings=settings())
    return see_other(link("unsubscribe.ask", kind=kind, token=token))


@unsubscribe.page("/unsubscribe/<any('reminders','follow-ups'):kind>/<token>/again", methods=["GET"])
def was_here(kind: str, token: str) -> Response:
    letters = Letters(kind, token)
    letters.registration()
    return see_other(link("unsubscribe.ask", kind=kind, token=token))


def _page(letters: Letters) -> Response:
    registration = letters.registration()
    wishes = wishes_of(db.session(), registration, settings())
    return personal_page(
        "unsubscribe/letters.html",
        registration,
        kind=letters.kind,
        token=letters.token,
        ended=not (wishes.reminders if letters.purpose is Purpose.REMINDERS else wishes.follow_ups),
        address=masked(registration.email or ""),
    )
