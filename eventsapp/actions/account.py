"""What somebody does about their own account. Passwords come in hashed: no lock waits while that takes its time."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.outbox.writing import new_columns, priority_of
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address
from eventsapp.domain.vocabulary import LetterKind, MessageState, Notice, Role
from eventsapp.models import Membership, Message, Organization, SignIn, User
from eventsapp.queries.accounts import generation_of

RESET_WITHIN = timedelta(hours=1)
CHOOSE_WITHIN = timedelta(days=7)  # a first password, by a link that somebody was handed over
MOST_RESETS = 3  # letters to one account within RESET_WITHIN


def ask_for_reset(session: Session, user: User, *, now: datetime, settings: Settings) -> Message | None:
    """Write the letter with the link to a new password; None where enough of them are on their way."""
    recent = select(func.count()).where(
        Message.account_id == user.id,
        Message.kind == LetterKind.PASSWORD_RESET,
        Message.created_at > now - RESET_WITHIN,
    )
    if (session.scalar(recent) or 0) >= MOST_RESETS:
        return None
    return _write_reset(session, user, now + RESET_WITHIN, now=now, settings=settings)


def hand_over_reset(session: Session, user: User, *, now: datetime, settings: Settings) -> Message:
    """The same as no letter: whoever made the account passes the link on."""
    message = _write_reset(session, user, now + CHOOSE_WITHIN, now=now, settings=settings)
    message.state, message.sent_at = MessageState.SENT, now
    session.flush()
    return message


def _write_reset(session: Session, user: User, until: datetime, *, now: datetime, settings: Settings) -> Message:
    context = {"generation": generation_of(user), "until": until.isoformat()}
    return _write(session, user, LetterKind.PASSWORD_RESET, context, until=until, now=now, settings=settings)


def set_password(session: Session, user: User, hashed: str, *, now: datetime, settings: Settings) -> None:
    """A new password. Every browser is signed out, links to a new password are dead, and a letter says so."""
    user.password, user.fs_uniquifier = hashed, secrets.token_hex(32)
    end_sign_ins(session, user, now=now)
    notify(session, user, Notice.PASSWORD, now=now, settings=settings)


def end_sign_ins(
    session: Session, user: User, *, now: datetime, only: str | None = None, but: str | None = None
) -> None:
    """Sign out the browser of that public id, all others but one, or all."""
    ended = update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    if only is not None:
        ended = ended.where(SignIn.public_id == only)
    if but is not None:
        ended = ended.where(SignIn.public_id != but)
    session.execute(ended.values(ended_at=now), execution_options={"synchronize_session": False})


def turn_on_codes(
    session: Session, user: User, secret: str, marks: Sequence[str], *, now: datetime, settings: Settings
) -> None:
    """From now on a password alone signs nobody in. ``marks``: keyed hashes of the recovery codes."""
    user.tf_primary_method, user.tf_totp_secret, user.mf_recovery_codes = "authenticator", secret, list(marks)
    notify(session, user, Notice.CODES_ON, now=now, settings=settings)


def turn_off_codes(session: Session, user: User, *, now: datetime, settings: Settings) -> None:
    user.tf_primary_method = user.tf_totp_secret = user.tf_last_counter = None
    if not any(passkey.usage == "secondary" for passkey in user.webauthn):
        user.mf_recovery_codes = None
    notify(session, user, Notice.CODES_OFF, now=now, settings=settings)


def use_recovery_code(session: Session, user: User, mark: str, *, now: datetime, settings: Settings) -> bool:
    """Take one of the recovery codes: it is good for once. The row is held by the caller."""
    left = list(user.mf_recovery_codes or ())
    if mark not in left:
        return False
    left.remove(mark)
    user.mf_recovery_codes = left
    notify(session, user, Notice.RECOVERY_CODE, now=now, settings=settings)
    return True


def notify(session: Session, user: User, notice: Notice, *, now: datetime, settings: Settings) -> Message:
    """Tell the account's owner by letter what has changed about signing in."""
    context = {"notice": notice.value}
    return _write(session, user, LetterKind.SECURITY_NOTICE, context, now=now, settings=settings)


def _write(
    session: Session,
    user: User,
    kind: LetterKind,
    context: dict[str, Any],
    *,
    now: datetime,
    settings: Settings,
    until: datetime | None = None,
) -> Message:
    columns = new_columns(now, settings)
    message = Message(
        account_id=user.id,
        **columns,
        kind=kind,
        language_tag=user.language_tag,
        recipient=user.email,
        address_key=user.address_key,
        dedupe_key=f"account:{columns['public_id']}",
        context=context,
        priority=priority_of(kind),
        expires_at=until,
    )
    session.add(message)
    session.flush()
    return message


def create_organizer(
    session: Session,
    address: Address,
    organization: Organization,
    *,
    role: Role,
    name: str,
    language_tag: str,
    hashed: str | None,
    now: datetime,
) -> User:
    """Somebody who may sign in and works for the organization. An account or a membership that is there is kept."""
    user = session.scalar(select(User).where(User.address_key == address.key))
    if user is None:
        user = User(
            email=address.email,
            address_key=address.key,
            name=name,
            language_tag=language_tag,
            tzid=organization.default_tzid,
            password=hashed,
            fs_uniquifier=secrets.token_hex(32),
            created_at=now,
        )
        session.add(user)
        session.flush()
    there = select(Membership).where(Membership.user_id == user.id, Membership.organization_id == organization.id)
    if session.scalar(there) is None:
        session.add(Membership(user_id=user.id, organization_id=organization.id, role=role, created_at=now))
        session.flush()
    return user
