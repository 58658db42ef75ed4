"""Delete what was kept for a while only."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from eventsapp.actions import floods
from eventsapp.actions.jobs import forget_jobs
from eventsapp.actions.staff import forget_staff
from eventsapp.models import AddressChange, Invitation, Receipt, SignIn

INVITATIONS_SHOWN = timedelta(days=30)  # after their time, so that whoever invited sees that nobody came
SIGNED_IN_FOR = timedelta(days=14)


def expire(session: Session, *, now: datetime) -> None:
    """Receipts and wishes for another address whose day is over go; so do sign-ins that ended or were not seen for
    long, organizers' jobs, counts that no limit looks at any more, and those who worked at events that are over, as
    long as their organization keeps people's data.
    """
    session.execute(delete(Receipt).where(Receipt.expires_at <= now))
    session.execute(delete(AddressChange).where(AddressChange.expires_at <= now))
    session.execute(delete(Invitation).where(Invitation.expires_at <= now - INVITATIONS_SHOWN))
    session.execute(
        delete(SignIn).where(or_(SignIn.seen_at <= now - SIGNED_IN_FOR, SignIn.ended_at <= now)),
        execution_options={"synchronize_session": False},
    )
    forget_jobs(session, now=now)
    floods.forget(session, now=now)
    forget_staff(session, now=now)
