"""Limits against floods of registrations and against mail bombing, counted in the database over all processes.

What is counted is the forms sent for an address, never what came of them: so a limit tells nobody whether an address
is known, and letters to known addresses and corrections are bounded too. A form that may cause many letters counts as
several. The limit per network is the web door's.
"""

import hashlib
import hmac
import itertools
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from sqlalchemy import Integer, ScalarSelect, String, Table, bindparam, delete, false, func, insert, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import insert_rows, rows_changed
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address, flood_key, is_public_provider
from eventsapp.domain.errors import N_, Minutes, TooMany
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.models import AddressUse, Message, Registration
from eventsapp.models.base import UtcInstant

WINDOW = timedelta(hours=1)
LETTERS_OF_A_FORM = 4  # what may cause more counts as more than one form
PROVIDER_FACTOR = 20  # everybody's domain is nobody's mail server
_STEP = 5  # minutes: "in about 5 minutes" is what people need, the second tells only a machine something


def count(session: Session, address: Address, *, letters: int = 1, now: datetime, settings: Settings) -> None:
    """Count one form sent for ``address``, by the most ``letters`` that it may cause; two forms always fit.

    Forms for one address come one after the other from here on until the transaction ends, whatever they are about.
    Raises TooMany (values ``seconds``, ``minutes``) past a limit; 0 is none.
    """
    address_hash = _hash(settings, "address", flood_key(address))
    domain_hash = _hash(settings, "domain", address.domain)
    take_turn(session, address_hash)
    per_address = settings.limit_per_address
    per_domain = settings.limit_per_domain * (PROVIDER_FACTOR if is_public_provider(address.domain) else 1)
    limited = bool(per_address), bool(per_domain)
    use = {"address_hash": address_hash, "domain_hash": domain_hash, "used_at": now}
    values = {
        "address": address_hash,
        "address_limit": max(0, per_address - 1),
        "domain": domain_hash,
        "domain_limit": max(0, per_domain - 1),
        "since": now - WINDOW,
        "at": now,
    }
    if rows_changed(session, _USE[limited], values):
        if uses := max(1, min(ceil(letters / LETTERS_OF_A_FORM), per_address // 2)) - 1:
            insert_rows(session, AddressUse, [use] * uses)
        return
    by_address, by_domain = session.execute(_FILLING[limited], values).one()
    if by_address is not None:
        raise _too_many(
            N_("There were too many registrations with this e-mail address. Try again in about %(minutes)s."),
            by_address,
            now,
        )
    raise _too_many(
        N_("There were too many registrations with e-mail addresses of this provider. Try again in about %(minutes)s."),
        by_domain,
        now,
    )


def bound_letters(
    session: Session,
    registration: Registration,
    most: int,
    message: str,
    *,
    kind: LetterKind | None = None,
    key: str,
    now: datetime,
) -> None:
    """For what its owner may ask for again and again. Raises TooMany with ``message`` (values ``seconds``, ``minutes``)
    and ``key`` where the registration caused ``most`` letters, or so many of this kind, within the last hour."""
    written = select(Message.created_at).where(
        Message.registration_id == registration.id, Message.created_at > now - WINDOW
    )
    if kind is not None:
        written = written.where(Message.kind == kind)
    filling = session.scalar(written.order_by(Message.created_at.desc()).offset(most - 1).limit(1))
    if filling is not None:
        seconds = ceil((filling + WINDOW - now).total_seconds())
        raise TooMany(message, key=key, seconds=seconds, minutes=Minutes(ceil(seconds / 60)))


def take_turn(session: Session, address_hash: str) -> None:
    """Wait for whoever counts the same address right now. On SQLite the transaction is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(address_hash[:15], 16))))


def forget(session: Session, *, now: datetime) -> None:
    """Delete what no limit looks at any more."""
    session.execute(delete(AddressUse).where(AddressUse.used_at <= now - WINDOW))


def put_back(session: Session, *, now: datetime) -> None:
    """Nothing counts for longer than what happens now: the clock may have been ahead when its time was noted."""
    session.execute(update(AddressUse).where(AddressUse.used_at > now).values(used_at=now))


def _filling(what: str, *, limited: bool) -> ScalarSelect[datetime]:
    """The use that fills the limit, if there is one: when it leaves the window, one more fits. An indexed read."""
    mine = getattr(AddressUse, f"{what}_hash") == bindparam(what)
    found = select(AddressUse.used_at).where(mine, AddressUse.used_at > bindparam("since", type_=UtcInstant))
    if not limited:
        found = found.where(false())
    newest = found.order_by(AddressUse.used_at.desc())
    return newest.offset(bindparam(f"{what}_limit", type_=Integer)).limit(1).scalar_subquery()


_LIMITED = tuple(itertools.product((True, False), repeat=2))
_FILLING = {  # by whether there is a limit for an address, and for a domain
    limited: select(_filling("address", limited=limited[0]), _filling("domain", limited=limited[1]))
    for limited in _LIMITED
}
_USE = {  # one use, where neither limit is full
    limited: insert(cast("Table", AddressUse.__table__))
    .inline()
    .execution_options(preserve_rowcount=True)
    .from_select(
        ["address_hash", "domain_hash", "used_at"],
        select(
            bindparam("address", type_=String), bindparam("domain", type_=String), bindparam("at", type_=UtcInstant)
        ).where(
            *(_filling(what, limited=one).is_(None) for what, one in zip(("address", "domain"), limited, strict=True))
        ),
    )
    for limited in _LIMITED
}


def _too_many(message: str, filling: datetime, now: datetime) -> TooMany:
    seconds = ceil((filling + WINDOW - now).total_seconds())
    return TooMany(message, key="email", seconds=seconds, minutes=Minutes(_STEP * ceil(seconds / 60 / _STEP)))


def _hash(settings: Settings, kind: str, text: str) -> str:
    return hmac.new(settings.link_key.encode(), f"flood|{kind}|{text}".encode(), hashlib.sha256).hexdigest()[:32]
