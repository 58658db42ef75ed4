"""Links that open something for one person: derived by HMAC from a public id, never stored.

Nothing here says *why* a token does not open: empty, truncated, of another purpose, all fail the same way.
"""

import base64
import hashlib
import hmac
import re
import secrets

from eventsapp.domain.vocabulary import Purpose

_PUBLIC_ID_BYTES = 10  # 80 bit: 16 base32 characters without padding
_MAC_BYTES = 16  # 128 bit: 26 base32 characters without padding
_SHAPE = re.compile(r"([a-z2-7]{16})\.[a-z2-7]{26}", re.ASCII)
_REFERENCE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"  # nothing that reads like another sign, no vowels: no words


def new_public_id() -> str:
    """16 lower-case base32 characters: names a row to the outside, opens nothing by itself."""
    return _base32(secrets.token_bytes(_PUBLIC_ID_BYTES))


def new_reference() -> str:
    """What people read out on the telephone, for example ``K7PM-2QXD``. No secret."""
    letters = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def token(link_key: str, purpose: Purpose, public_id: str, generation: int = 1) -> str:
    """``<public_id>.<26 characters>``: a 128 bit HMAC-SHA256. A raised ``generation`` revokes the ones before."""
    said = f"{purpose.value}|{public_id}|{generation}".encode()
    mac = hmac.digest(link_key.encode(), said, hashlib.sha256)
    return f"{public_id}.{_base32(mac[:_MAC_BYTES])}"


def public_id_in(token: str) -> str | None:
    """The public id that a token names, or None where it has not even the shape. Proves nothing."""
    match = _SHAPE.fullmatch(token)
    return match[1] if match else None


def opens(link_key: str, purpose: Purpose, given: str, public_id: str, generation: int = 1) -> bool:
    """Whether the given token is exactly the one for this purpose, id and generation; constant time."""
    right = token(link_key, purpose, public_id, generation)
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogatepass"))


def _base32(octets: bytes) -> str:
    return base64.b32encode(octets).decode("ascii").rstrip("=").lower()
