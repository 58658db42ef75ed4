"""For machines that watch: whether this process lives, whether it can answer people, and numbers for Prometheus.

None of it is counted, cached, logged while all is well, or asked under a host name of ours.
"""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from eventsapp import metrics, migration
from eventsapp.actions.outbox import waiting
from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.queries.operation import facts
from eventsapp.rates import Rates

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """Touches nothing: a process that answers needs no restart, whatever else is away."""
    return _unkept(Response("ok\n", mimetype="text/plain"))


@health.get("/readyz")
def ready() -> Response:
    """503 while pages cannot be made: the database is away, or at another version.

    What pages can do without is told and keeps them up: a Redis that is away, letters that no worker sends.
    """
    said = _database() | _redis()
    able = said["database"] == said.get("migrations") == "ok"
    answer = jsonify(ready=able, **said)
    answer.status_code = 200 if able else 503
    return _unkept(answer)


@health.get("/metrics")
def numbers() -> Response:
    """What this server's processes counted, and what waits in the database; for whoever has the token."""
    settings: Settings = current_app.extensions["settings"]
    if not settings.metrics_token:
        abort(404)
    if not metrics.may_read(request.headers.get("Authorization", ""), settings.metrics_token):
        return _unkept(Response(status=401, headers={"WWW-Authenticate": "Bearer"}))
    rates: Rates = current_app.extensions["rates"]
    found = facts(db.session(), fits=migration.fits, rates=rates, now=datetime.now(UTC))
    db.session.remove()
    told = metrics.exposition(found)
    return _unkept(Response(told, content_type=metrics.CONTENT_TYPE))


def _database() -> dict[str, Any]:
    try:
        standing = migration.standing_of(db.session().connection())
        if not standing.fits:
            return {"database": "ok", "migrations": f"the database is {standing.words}"}
        return {"database": "ok", "migrations": "ok", "letters": _letters()}
    except SQLAlchemyError:
        return {"database": "does not answer"}
    finally:
        db.session.remove()


def _letters() -> dict[str, int]:
    """How many ought to have left by now, and since when the oldest ought to."""
    now = datetime.now(UTC)
    late = waiting(db.session(), now=now)
    age = 0 if late.oldest_due_at is None else round((now - late.oldest_due_at).total_seconds())
    return {"due": late.due, "oldest_due_seconds": age}


def _redis() -> dict[str, str]:
    settings: Settings = current_app.extensions["settings"]
    rates: Rates = current_app.extensions["rates"]
    if not settings.redis_url:
        return {}
    return {"redis": "ok" if rates.answers() else "does not answer; each process counts for itself"}


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
