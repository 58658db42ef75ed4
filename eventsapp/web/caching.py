"""Public answers that caches may keep, and the conditional requests by which they ask whether they still may."""

import hashlib
from datetime import datetime

from flask import Response, request


def cacheable(response: Response, *, last_modified: datetime | None = None, seconds: int = 0) -> Response:
    """A public answer that carries no byte of one visitor: kept by caches, and asked about by its hash.

    Answers If-None-Match (lists, weak tags) with 304; If-Modified-Since only where there is no If-None-Match.
    """
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    if last_modified is not None:
        response.last_modified = last_modified
    environ = dict(request.environ)
    if "HTTP_IF_NONE_MATCH" in environ:
        environ.pop("HTTP_IF_MODIFIED_SINCE", None)
    response.make_conditional(environ)
    return response
