"""A passkey in software (WebAuthn Level 2 §6): makes a key pair, and answers questions as a browser with it does."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

Question = tuple[dict[str, Any], str]  # the options, and the state that goes back with the answer
PRESENT, VERIFIED, HAS_KEY = 1, 4, 64


@dataclass
class Authenticator:
    """``origin``: of the page that asks, as the browser sees it."""

    origin: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def make(self, asked: Question, *, verified: bool = True) -> dict[str, str]:
        """The form's fields with a new credential."""
        options, state = asked
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        data = self._data(HAS_KEY, verified=verified) + attested
        response = {
            "clientDataJSON": self._client("webauthn.create", options["challenge"]),
            "attestationObject": _text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._fields(state, response)

    def answer(self, asked: Question, *, verified: bool = True) -> dict[str, str]:
        options, state = asked
        self.count += 1
        data, client = self._data(0, verified=verified), self._client("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(_bytes(client)).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": _text(data),
            "signature": _text(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": None,
        }
        return self._fields(state, response)

    def _data(self, flags: int, *, verified: bool) -> bytes:
        flags |= PRESENT | (VERIFIED if verified else 0)
        host = urlsplit(self.origin).hostname or ""
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> str:
        return _text(json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode())

    def _fields(self, state: str, response: dict[str, Any]) -> dict[str, str]:
        id_ = _text(self.credential_id)
        whole = {"id": id_, "rawId": id_, "type": "public-key", "response": response, "clientExtensionResults": {}}
        return {"state": state, "credential": json.dumps(whole)}


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
