"""The share picture: an event's poster in one of its languages, as previews of a shared link show it.

Everybody may ask for it, and drawing costs as much as a page does. So it is drawn once for the same facts and kept; one
thread of a process draws, two may wait, and who comes then is asked to come again: some are always free for pages.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import BoundedSemaphore, Lock

from flask import Response, g, request

from eventsapp.db import db
from eventsapp.drawing.poster import Poster, draw, edition
from eventsapp.queries.events import event_by_slug
from eventsapp.queries.posters import poster_of
from eventsapp.web.assets import FOR_A_DAY
from eventsapp.web.pages import Pages, now, settings
from eventsapp.web.public import plain

poster = Pages("poster", __name__)

MOST_KEPT = 64  # of at most 200 kB each


class Drawn:
    """The pictures of this process that were asked for last."""

    def __init__(self, by: Callable[[Poster], bytes] = draw, most: int = MOST_KEPT) -> None:
        self._kept: OrderedDict[Poster, bytes] = OrderedDict()
        self._draw, self._most = by, most
        self._keeping, self._drawing, self._seats = Lock(), Lock(), BoundedSemaphore(3)

    def picture(self, wanted: Poster) -> bytes | None:
        """The PNG; None where too many wait for theirs."""
        if found := self._found(wanted):
            return found
        if not self._seats.acquire(blocking=False):
            return None
        try:
            with self._drawing:
                return self._found(wanted) or self._keep(wanted, self._draw(wanted))
        finally:
            self._seats.release()

    def _found(self, wanted: Poster) -> bytes | None:
        with self._keeping:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
            return self._kept.get(wanted)

    def _keep(self, wanted: Poster, data: bytes) -> bytes:
        with self._keeping:
            self._kept[wanted] = data
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return data


drawn = Drawn()


@poster.page("/events/<slug>/share.png")
def share_picture(slug: str) -> Response:
    """Without a language in its address it is in the event's default one, whoever asks: previews are shared by all.

    ``?v=`` is ignored: it changes with the picture, for those who keep one for each address.
    """
    event = event_by_slug(db.session(), plain(slug))
    wanted = poster_of(event, g.asked_tag or event.default_language_tag, now=now(), settings=settings())
    response = Response(mimetype="image/png")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = FOR_A_DAY
    response.set_etag(edition(wanted))
    response.make_conditional(request)
    if response.status_code == 304:  # noqa: PLR2004
        return response
    data = drawn.picture(wanted)
    if data is None:
        return Response(status=503, headers={"Retry-After": "1"})
    response.set_data(data)
    return response
