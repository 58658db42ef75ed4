"""Whether letters leave: who works, what waits, what came back because of us. As far as the database shows."""

from datetime import datetime, timedelta
from importlib.metadata import version

from sqlalchemy import exists, select

from eventsapp.actions import outage, outbox
from eventsapp.db import db
from eventsapp.doctor.finding import Finding
from eventsapp.domain.vocabulary import MessageState, OfTries
from eventsapp.mail.outcome import reply_words
from eventsapp.mail.reports import Cause
from eventsapp.models import Heartbeat, Message, Place
from eventsapp.queries.operation import SILENT_AFTER

LOOK_BACK = timedelta(days=7)
PATIENCE = timedelta(minutes=15)  # a worker that runs has sent what was due so long ago
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def workers(now: datetime) -> Finding:
    """Whether any gives signs of life, and all are of the version that is asked here."""
    signs = list(db.session.scalars(select(Heartbeat).order_by(Heartbeat.seen_at.desc())))
    alive = [one for one in signs if now - one.seen_at < SILENT_AFTER]
    if not alive:
        return _nobody(signs[0].seen_at if signs else None, now)
    versions = {version("eventsapp")} | {one.version or "an older one" for one in alive}
    said = f"{len(alive)} at work, the last sign of life {lasting(now - alive[0].seen_at)} ago"
    if len(versions) == 1:
        return Finding("workers", True, said)
    remedy = "Start anew what is still of another version than this program; during an upgrade this is as it has to be."
    return Finding("workers", False, f"more than one version runs ({', '.join(sorted(versions))}); {said}", remedy)


def _nobody(last: datetime | None, now: datetime) -> Finding:
    """One that ends in good order leaves no sign behind, and is missed as soon as there is something to do."""
    letter = exists().where(Message.state.in_((MessageState.QUEUED, MessageState.SENDING)))
    if last is None and not db.session.scalar(select(letter | exists().where(Place.plan_at.is_not(None)))):
        return Finding("workers", True, "none is at work, and nothing waits for one")
    words = f"no sign of life for {lasting(now - last)}, since {_moment(last)}" if last else "none is at work"
    return Finding("workers", False, words, "Start `eventsapp worker`: letters and reminders wait for it.")


def letters(now: datetime) -> Finding:
    """Whether letters leave when they are due, as far as the database shows."""
    if trouble := outage.standing(db.session()):
        said = reply_words(trouble.code, trouble.words)
        words = f"the mail server has turned us away since {_moment(trouble.since)}: {said}"
        remedy = "Put right what the server complains about: EVENTSAPP_MAIL_URL, EVENTSAPP_MAIL_FROM, SPF, DKIM, DMARC."
        return Finding("outbox", False, words, remedy)
    waiting = outbox.waiting(db.session(), now=now)
    if waiting.oldest_due_at is None:
        return Finding("outbox", True, "no letter is due")
    late = now - waiting.oldest_due_at
    words = f"{waiting.due} letters are due, the oldest for {lasting(late)}, since {_moment(waiting.oldest_due_at)}"
    if late < PATIENCE:
        return Finding("outbox", True, words)
    return Finding(
        "outbox", False, words, "Start `eventsapp worker`, and read `eventsapp messages list --state queued`."
    )


def returned(now: datetime) -> Finding:
    """Letters that receivers sent back because of us, and not because of an address."""
    back = select(Message.context, Message.last_error).where(
        Message.state == MessageState.BOUNCED, Message.sent_at > now - LOOK_BACK
    )
    words = [said for context, said in db.session.execute(back) if context.get(OfTries.CAME_BACK) == Cause.POLICY]
    if not words:
        return Finding("letters sent back", True, "none of the last week for a reason of ours")
    said = f"{len(words)} of the last week because of our mail server, for example: {words[-1]}"
    remedy = "Look at SPF, DKIM, DMARC and the mail server's name above, and ask whoever runs your mail server."
    return Finding("letters sent back", False, said, remedy)


def lasting(span: timedelta) -> str:
    """In the largest unit that there is one of: "3 hours"; less than a minute in seconds."""
    for name, unit in _UNITS:
        if count := span // unit:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{max(0, span // timedelta(seconds=1))} seconds"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
