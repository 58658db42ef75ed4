"""When the mail server turns *us* away: all workers wait, try one letter, and wait longer if that fares no better.

One letter that is turned away may be its own fault. So the first one makes nobody wait: it is put on record, the next
letter is tried alone, and only where that one is turned away too does everybody wait.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import insert_unless_there, rows_changed
from eventsapp.domain.text import REPLY_LIMIT, clean_line
from eventsapp.models import Outage

LANE = "letters"
STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60))
ONE_TRY = timedelta(minutes=10)  # longer than any one conversation with a mail server may take


def standing(session: Session) -> Outage | None:
    """The outage there is, or None."""
    return session.scalar(select(Outage).where(Outage.lane == LANE).execution_options(populate_existing=True))


def turned_away(
    session: Session, *, sure: bool, trying: bool = False, now: datetime, code: int | None, words: str
) -> datetime:
    """Put on record that we were turned away; returns until when everybody waits: ``now``, unless it is ``sure``.

    Several letters that were on their way at once count as one time, but a letter that was ``trying`` alone always
    counts. ``words`` are the server's, without an address.
    """
    new = {"lane": LANE, "since": now, "until": now, "times": 0, "words": ""}
    session.execute(insert_unless_there(session, Outage).values(new))
    outage = session.scalars(
        select(Outage).where(Outage.lane == LANE).with_for_update().execution_options(populate_existing=True)
    ).one()
    outage.code, outage.words = code, clean_line(words, REPLY_LIMIT)
    if sure and (trying or outage.until <= now):
        outage.until = now + STEPS[min(outage.times, len(STEPS) - 1)]
        outage.times += 1
    elif trying:
        outage.until = now
    session.flush()
    return outage.until


def may_try(session: Session, *, now: datetime) -> bool:
    """Whether the caller is the one who tries one letter now, and then says what came of it."""
    tried = update(Outage).where(Outage.lane == LANE, Outage.until <= now).values(until=now + ONE_TRY)
    return rows_changed(session, tried) == 1


def try_another(session: Session, *, now: datetime) -> None:
    """The letter that was tried says nothing either way."""
    session.execute(update(Outage).where(Outage.lane == LANE).values(until=now))


def got_through(session: Session) -> None:
    """A letter was taken: nobody has to wait."""
    session.execute(delete(Outage).where(Outage.lane == LANE))


def put_back(session: Session, *, now: datetime) -> None:
    """Nobody waits for longer than the longest step: the clock may have been ahead when the time was set."""
    latest = now + STEPS[-1]
    session.execute(update(Outage).where(Outage.until > latest).values(until=latest))


def without_address(words: str, recipient: str) -> str:
    """A mail server's words as others than the organizer may read them: they often repeat the address."""
    return re.sub(re.escape(recipient), "…", words, flags=re.IGNORECASE) if recipient else words
