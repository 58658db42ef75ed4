"""How people prove who they are: by password, by a code of their app, by a recovery code. How often they may try.

A wrong address costs as much time as a wrong password, and counts as much, so that nobody learns who has an account.
"""

import hashlib
import hmac
from functools import cache

from flask import current_app
from flask_security import Security, hash_password, verify_password
from limits import RateLimitItemPerMinute

from eventsapp.actions import account as acting
from eventsapp.db import transaction
from eventsapp.models import User
from eventsapp.rates import Rates
from eventsapp.web.organizer.signing_in import is_known
from eventsapp.web.pages import now, settings

TRIES = RateLimitItemPerMinute(5, 15)
RECOVERY_CODES = 10
CLOCK_SKEW = 30  # seconds that a telephone's clock may be wrong by, either way


def may_try(address_key: str, what: str) -> bool:
    """Count one more try. A browser that signed in before has tries of its own, so that strangers lock nobody out."""
    rates: Rates = current_app.extensions["rates"]
    where = "known" if is_known(address_key) else "strange"
    return rates.take(TRIES, what, where, _keyed("tries", address_key))


def password_fits(user: User | None, typed: str) -> bool:
    """Hashes once, whoever it is about."""
    hashed = user.password if user is not None and user.password else _nobodys_hash()
    fits = verify_password(normal(typed), hashed)
    return bool(fits) and user is not None and bool(user.password)


def normal(typed: str) -> str:
    """A password as it is compared."""
    return str(security().password_util.normalize(typed[:1000]))


def code_fits(user_id: int, typed: str) -> bool:
    """Whether it is the app's code of now, or one of the recovery codes. Neither is good a second time."""
    with transaction() as session:
        user = session.get(User, user_id, with_for_update=True, populate_existing=True)
        if user is None:
            return False
        if "-" in typed or len(typed) > 8:  # noqa: PLR2004  codes of an app have six digits
            mark = recovery_mark(typed)
            return acting.use_recovery_code(session, user, mark, now=now(), settings=settings())
        if not user.tf_totp_secret:
            return False
        digits = "".join(sign for sign in typed if sign.isdigit())
        return security().totp_factory.verify_totp(digits, user.tf_totp_secret, user, window=CLOCK_SKEW) is True


def new_recovery_codes() -> tuple[list[str], list[str]]:
    """The codes, to be shown once, and what is kept of them."""
    codes: list[str] = security().totp_factory.generate_recovery_codes(RECOVERY_CODES)
    return codes, [recovery_mark(code) for code in codes]


def recovery_mark(code: str) -> str:
    return _keyed("recovery", "".join(sign for sign in code.casefold() if sign.isalnum()))


def security() -> Security:
    found: Security = current_app.extensions["security"]
    return found


def _keyed(what: str, text: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, f"{what}|{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


@cache
def _nobodys_hash() -> str:
    return str(hash_password("nobody has this password"))
