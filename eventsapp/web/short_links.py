"""Short links to an event, one for each place where it is announced: on to the event's page, and a visit is counted.

The count is the one thing here that a GET changes; nobody is known by it, and nothing that anybody sees hangs on it.
"""

import re

from flask import redirect, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from eventsapp.actions.channels import count_visit
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound
from eventsapp.models import Channel
from eventsapp.web.pages import Pages, link, now

short_links = Pages("short_links", __name__)

_NOBODY = re.compile(
    r"bot|crawl|spider|preview|fetch|scan|monitor|facebookexternalhit|whatsapp|telegram|slack|curl|wget", re.IGNORECASE
)


@short_links.page("/s/<code>")
def follow(code: str) -> Response:
    """302, so that no browser keeps it and each visit comes by. A draft's link leads nowhere."""
    channel = db.session.scalar(select(Channel).where(Channel.code == code).options(joinedload(Channel.event)))
    if channel is None or channel.event.published_at is None:
        raise NotFound("There is no such page.")
    url = link("public.event", slug=channel.event.slug, via=channel.code)
    if _somebody():
        with transaction() as session:
            count_visit(session, session.merge(channel, load=False), now=now())
    response = redirect(url, 302)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _somebody() -> bool:
    """Not a program that looks ahead, or shows what a link leads to."""
    ahead = (
        request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "") + request.headers.get("X-Moz", "")
    )
    browser = request.user_agent.string
    return request.method == "GET" and not ahead and bool(browser) and _NOBODY.search(browser) is None
