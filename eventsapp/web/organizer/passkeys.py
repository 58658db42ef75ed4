"""Passkeys (WebAuthn Level 2): what a browser is asked, and whether its answer holds. One question is answered once.

A passkey that knows its owner, by a finger or a PIN, signs in by itself ("first"); a plain key is a second step only.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

import webauthn
from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from limits import RateLimitItemPerHour
from sqlalchemy import select
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from eventsapp.config import is_loopback
from eventsapp.db import db, transaction
from eventsapp.models import Passkey, User
from eventsapp.rates import Rates
from eventsapp.web.pages import now, settings

FIRST = "first"
SECOND = "secondary"
ANSWER_WITHIN = 600  # seconds
MOST = 20  # of one account
WRONG = (WebAuthnException, BadData, ValueError, KeyError, TypeError, AttributeError)  # whatever a stranger sends


def needs_second_step(user: User) -> bool:
    return bool(user.tf_totp_secret) or any(passkey.usage == SECOND for passkey in user.webauthn)


def options_for(usage: str, user: User | None = None) -> dict[str, str]:
    """What the page's script asks the browser by, and what the answer has to come with."""
    challenge = secrets.token_bytes(32)
    verified = UserVerificationRequirement.REQUIRED if usage == FIRST else UserVerificationRequirement.PREFERRED
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(),
        challenge=challenge,
        allow_credentials=_descriptors(user) if user is not None else None,
        user_verification=verified,
    )
    return {"options": json.dumps(options_to_json_dict(options)), "state": _sign(usage, challenge, user)}


def signs_in(form: Mapping[str, str], usage: str, *, only: User | None = None) -> User | None:
    """Whose passkey answered the question that the form comes with; ``only``: whose it has to be."""
    try:
        challenge = _challenge(form.get("state", ""), usage, only)
        answer = parse_authentication_credential_json(form.get("credential", ""))
        with transaction() as session:
            passkey = session.scalar(select(Passkey).where(Passkey.credential_id == answer.raw_id).with_for_update())
            if passkey is None or not passkey.user.active or (only is not None and passkey.user_id != only.id):
                return None
            if usage == FIRST and passkey.usage != FIRST:
                return None
            proved = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=_rp_id(),
                expected_origin=_origin(),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=usage == FIRST,
            )
            passkey.sign_count, passkey.lastuse_datetime = proved.new_sign_count, now()
            passkey.backup_state, passkey.device_type = proved.credential_backed_up, proved.credential_device_type
            user_id = passkey.user_id
    except WRONG:
        return None
    return db.session.get(User, user_id)


def options_to_add(user: User) -> dict[str, str]:
    """The same for a new passkey."""
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=_rp_id(),
        rp_name=settings().host,
        user_id=handle_of(user).encode(),
        user_name=user.email,
        user_display_name=user.shown_name,
        challenge=challenge,
        exclude_credentials=_descriptors(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return {"options": json.dumps(options_to_json_dict(options)), "state": _sign("add", challenge, user)}


def handle_of(user: User) -> str:
    """What a passkey knows its owner by: it says nothing of them (WebAuthn §14.6.1)."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    derived = hmac.digest(key, f"handle|{user.id}".encode(), hashlib.sha256).hex()
    return user.fs_webauthn_user_handle or derived


def read_new(form: Mapping[str, str], user: User, name: str) -> Passkey | None:
    """The passkey that a browser made, not yet added; None where its answer does not hold."""
    try:
        challenge = _challenge(form.get("state", ""), "add", user)
        answer = parse_registration_credential_json(form.get("credential", ""))
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=_rp_id(), expected_origin=_origin()
        )
    except WRONG:
        return None
    return Passkey(
        user_id=user.id,
        name=name,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=[one.value for one in answer.response.transports or ()],
        backup_state=made.credential_backed_up,
        device_type=made.credential_device_type,
        extensions=None,
        create_datetime=now(),
        lastuse_datetime=now(),
        usage=FIRST if made.user_verified else SECOND,
    )


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(one) for one in passkey.transports or () if one in known] or None,
        )
        for passkey in user.webauthn
    ]


def _sign(usage: str, challenge: bytes, user: User | None) -> str:
    return _signer().dumps([usage, challenge.hex(), None if user is None else user.fs_uniquifier])


def _challenge(state: str, usage: str, user: User | None) -> bytes:
    """Raises BadData where the question was another, too long ago, or answered already."""
    asked, challenge, uniquifier = _signer().loads(state, max_age=ANSWER_WITHIN)
    rates: Rates = current_app.extensions["rates"]
    same = asked == usage and uniquifier == (None if user is None else user.fs_uniquifier)
    if not same or not rates.take(RateLimitItemPerHour(1), "passkey", challenge):
        raise BadData("not asked, or answered already")
    return bytes.fromhex(challenge)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="passkey")


def _rp_id() -> str:
    """The host that a passkey is bound to: the public one, or this machine's own name."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return host if is_loopback(host) else settings().host


def _origin() -> str:
    return f"{request.scheme}://{request.host}" if _rp_id() != settings().host else settings().base_url
