"""Accounts as the sign-in finds them."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from eventsapp.config import Settings
from eventsapp.domain import links
from eventsapp.domain.vocabulary import LetterKind, Purpose
from eventsapp.models import Message, User


def user_by_address(session: Session, address_key: str) -> User | None:
    """An account that may sign in."""
    return session.scalar(select(User).where(User.address_key == address_key, User.active))


def user_by_uniquifier(session: Session, uniquifier: str) -> User | None:
    return session.scalar(select(User).where(User.fs_uniquifier == uniquifier, User.active))


def generation_of(user: User) -> str:
    """What a link to a new password is bound to: it changes with the password, so that the link is good for once."""
    return hashlib.sha256(f"{user.fs_uniquifier}|{user.password}".encode()).hexdigest()[:32]


def new_password_url(message: Message, *, settings: Settings) -> str:
    """The page on which the reader of that letter chooses a password."""
    token = links.token(settings.link_key, Purpose.PASSWORD, message.public_id)
    return f"{settings.base_url}/organizer/new-password/{token}"


def user_by_link(session: Session, token: str, *, now: datetime, settings: Settings) -> User | None:
    """Whose password a link sets; None where it is wrong, too late, or was used."""
    public_id = links.public_id_in(token)
    if public_id is None or not links.opens(settings.link_key, Purpose.PASSWORD, token, public_id):
        return None
    message = session.scalar(
        select(Message)
        .where(Message.public_id == public_id, Message.kind == LetterKind.PASSWORD_RESET)
        .options(joinedload(Message.account))
    )
    user = None if message is None else message.account
    if message is None or user is None or not user.active or datetime.fromisoformat(message.context["until"]) <= now:
        return None
    return user if message.context["generation"] == generation_of(user) else None
