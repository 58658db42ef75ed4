"""Limits against floods of registrations and against mail bombing, counted in the database over all processes.

What is counted is the forms sent for an address, never what came of them: so a limit tells nobody whether an address
is known, and letters to known addresses and corrections are bounded too. The limit per network is the web door's.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, ScalarSelect, delete, false, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.addresses import Address, flood_key, is_public_provider
from eventsapp.domain.errors import N_, Minutes, TooMany
from eventsapp.models import AddressUse

WINDOW = timedelta(hours=1)
PROVIDER_FACTOR = 20  # everybody's domain is nobody's mail server
_STEP = 5  # minutes: "in about 5 minutes" is what people need, the second tells only a machine something


def count(session: Session, address: Address, *, now: datetime, settings: Settings) -> None:
    """Count one form sent for ``address``. Raises TooMany (values ``seconds``, ``minutes``) past a limit; 0 is none."""
    address_hash = _hash(settings, "address", flood_key(address))
    domain_hash = _hash(settings, "domain", address.domain)
    per_address = settings.limit_per_address
    per_domain = settings.limit_per_domain * (PROVIDER_FACTOR if is_public_provider(address.domain) else 1)
    by_address, by_domain = session.execute(
        select(
            _filling(AddressUse.address_hash == address_hash, per_address, now),
            _filling(AddressUse.domain_hash == domain_hash, per_domain, now),
        )
    ).one()
    if by_address is not None:
        raise _too_many(
            N_("There were too many registrations with this e-mail address. Try again in about %(minutes)s."),
            by_address,
            now,
        )
    if by_domain is not None:
        raise _too_many(
            N_(
                "There were too many registrations with e-mail addresses of this provider. "
                "Try again in about %(minutes)s."
            ),
            by_domain,
            now,
        )
    session.add(AddressUse(address_hash=address_hash, domain_hash=domain_hash, used_at=now))


def forget(session: Session, *, now: datetime) -> None:
    """Delete what no limit looks at any more."""
    session.execute(delete(AddressUse).where(AddressUse.used_at <= now - WINDOW))


def _filling(mine: ColumnElement[bool], limit: int, now: datetime) -> ScalarSelect[datetime]:
    """The use that fills the limit, if there is one: when it leaves the window, one more fits. An indexed read."""
    found = select(AddressUse.used_at).where(mine, AddressUse.used_at > now - WINDOW)
    if not limit:
        found = found.where(false())
    return found.order_by(AddressUse.used_at.desc()).offset(max(0, limit - 1)).limit(1).scalar_subquery()


def _too_many(message: str, filling: datetime, now: datetime) -> TooMany:
    seconds = ceil((filling + WINDOW - now).total_seconds())
    return TooMany(message, key="email", seconds=seconds, minutes=Minutes(_STEP * ceil(seconds / 60 / _STEP)))


def _hash(settings: Settings, kind: str, text: str) -> str:
    return hmac.new(settings.link_key.encode(), f"flood|{kind}|{text}".encode(), hashlib.sha256).hexdigest()[:32]
