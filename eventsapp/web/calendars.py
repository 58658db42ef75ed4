"""Calendar files as answers: name, type and validators. What stands inside is ical's."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from flask import Response

from eventsapp.domain.entry import CalendarEntry
from eventsapp.ical import Written, publish
from eventsapp.web.caching import public

MIMETYPE = "text/calendar; charset=utf-8; method=PUBLISH"
MINUTES_KEPT = 5
LONGEST_NAME = 80


def calendar_file(
    entries: Sequence[CalendarEntry],
    *,
    name: str,
    title: str,
    changed_at: datetime,
    feed_url: str = "",
    feed: str = "",
    written: Written | None = None,
) -> Response:
    """An .ics to download, ``caching.public`` already: ``name`` its ASCII name, ``title`` for programs that take more.

    ``changed_at`` only rises. ``feed_url`` and ``feed`` are the address and name of a file that is subscribed to.
    """
    response = Response(publish(entries, name=feed, url=feed_url, written=written), content_type=MIMETYPE)
    response.headers["Content-Disposition"] = attachment(name, title)
    last_modified = max([changed_at, *(entry.last_modified for entry in entries)])
    return public(response, last_modified=last_modified, seconds=60 * MINUTES_KEPT)


def attachment(name: str, title: str) -> str:
    """RFC 6266: the ASCII name for old programs, the other for the rest (RFC 8187). Neither can end the header."""
    plain = re.sub(r"[^a-z0-9-]+", "-", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower())
    told = re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f]+', " ", title)
    told = " ".join(told.split())[:LONGEST_NAME].strip(" .") or plain
    encoded = quote(f"{told}.ics", safe="")
    return f"attachment; filename=\"{plain.strip('-') or 'event'}.ics\"; filename*=UTF-8''{encoded}"
