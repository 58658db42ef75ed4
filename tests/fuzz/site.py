"""A whole site with something behind each of its addresses: a stranger's, a guest's and an owner's side of it.

Addresses are those of the URL map and forms are read off its pages, so new ones are asked by themselves.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from eventsapp.actions.change_address import WISH_LIFE
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.vocabulary import Choose, LetterKind, MessageState, PlaceState, Purpose, QuestionType
from eventsapp.ical.add_links import SERVICES
from eventsapp.models import AddressChange, Message, Receipt, SignIn, User
from eventsapp.queries.accounts import generation_of
from eventsapp.rates import Rates
from eventsapp.web.assets import asset
from eventsapp.web.pages import now
from tests.conftest import _empty
from tests.factory import IN_ENGLISH, IN_SPANISH, Make
from tests.web.html import Element, read
from tests.web.organizer.conftest import DeskOf
from tests.web.organizer.test_every_address import Address, things_of

HOST = "events.example.org"
PURPOSES = {  # of the token in an address, by view or by the room of views
    "registrations": Purpose.RECEIPT,
    "manage": Purpose.MANAGE,
    "join": Purpose.JOIN,
    "verify": Purpose.VERIFY,
    "own_data": Purpose.MANAGE,
    "own_data.confirm": Purpose.ADDRESS,
    "own_data.move": Purpose.ADDRESS,
    "ticket": Purpose.CHECK_IN,
    "unsubscribe": Purpose.REMINDERS,
    "organizer.invitation": Purpose.INVITATION,
    "security": Purpose.PASSWORD,
}
QUESTIONS: list[dict[str, Any]] = [{"key": kind.value.replace("_", "-"), "type": kind} for kind in QuestionType] + [
    {
        "key": "food",
        "type": QuestionType.SINGLE_CHOICE,
        "options": [{"id": "vegan", "label": {"en": "Vegan"}, "limit": 3}, {"id": "other", "label": {}, "other": True}],
    },
]
LIKELY = {  # what a person types into a field of this type
    "email": ["zoe@example.com"],
    "tel": ["+52 55 1234 5678"],
    "url": ["https://example.org/a"],
    "number": ["3", "0"],
    "date": ["2026-06-13"],
    "time": ["16:00"],
    "password": ["correct horse battery"],
    "text": ["Zoë", "2026-06-13 16:00", "Madrid", "2"],
    "textarea": ["Two\nlines"],
}


@dataclass(frozen=True)
class Form:
    """A form as its page shows it: by name, what it may send."""

    endpoint: str
    fields: Mapping[str, list[str]]
    files: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """One request, as its bytes: ``path`` and ``query`` are percent-encoded already."""

    method: str
    path: bytes
    query: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = ""

    def __str__(self) -> str:
        kept = {"path": self.path, "query": self.query, "headers": self.headers, "body": self.body[:2000]}
        return f"{self.method} {self.content_type!r} {kept}"


class Unforeseen(logging.Handler):
    """Keeps what a view raised, so that a test shows more than a status."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.raised.append(record.exc_info[1])


class _Exactly(Request):
    """A request whose environ the test client leaves as it is."""


@contextmanager
def _listening() -> Iterator[Unforeseen]:
    log, handler = logging.getLogger("eventsapp.web.errors"), Unforeseen()
    log.addHandler(handler)
    try:
        yield handler
    finally:
        log.removeHandler(handler)


@dataclass
class Site:
    app: Flask
    settings: Settings
    make: Make
    owner: DeskOf | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changed: bool = True

    def rules(self) -> list[Rule]:
        """Each rule but those that only say a language before it."""
        return [rule for rule in self.app.url_map.iter_rules() if not rule.rule.startswith("/<tag:")]

    def ready(self) -> None:
        """Everything as it was, where a request has changed something."""
        if not self.changed:
            return
        db.session.rollback()
        _empty()
        self.make.registrations = self.make.members = 0
        self.app.extensions["rates"] = Rates("")
        event = self.make.event(
            choose=Choose.ANY,
            waitlist=True,
            questions=QUESTIONS,
            occurrences=[
                IN_ENGLISH | {"capacity": 50, "location": {"": "Calle Mayor 1"}, "recording": {}},
                IN_SPANISH | {"capacity": 2},
            ],
        )
        self.make.event("proved", verify_seconds=7200, choose=Choose.ALL)
        things = things_of(self.make, event, "mine")
        member = self.make.member(event.organization, password=None)
        self.values = things | self._personal(event, member)
        self.owner = self._signed_in(member)
        self.changed = False

    def _personal(self, event: Any, member: User) -> dict[str, Any]:
        """What the addresses of people name, by argument or by view and argument."""
        one = self.make.registration(event, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED})
        waiting = self.make.registration(event, places={"english": PlaceState.UNVERIFIED})
        at = now()
        with transaction() as session:
            receipt = Receipt(
                event_id=event.id,
                registration_id=one.id,
                public_id=links.new_public_id(),
                reference=one.reference,
                applicant=Applicant("Zoë", read_address("zoe@gmial.com"), "en", "Etc/UTC", ("english",)).to_json(),
                outcome={"english": "confirmed"},
                corrections=0,
                created_at=at,
                expires_at=at + timedelta(days=1),
            )
            change = AddressChange(
                registration_id=one.id,
                public_id=links.new_public_id(),
                email="new@example.com",
                address_key="new@example.com",
                created_at=at,
                expires_at=at + WISH_LIFE,
            )
            user = session.merge(member)
            reset = Message(
                account_id=user.id,
                public_id=links.new_public_id(),
                message_id="<reset@example.org>",
                kind=LetterKind.PASSWORD_RESET,
                language_tag="en",
                recipient=user.email,
                address_key=user.address_key,
                dedupe_key="reset",
                due_at=at,
                created_at=at,
                context={"until": (at + timedelta(hours=1)).isoformat(), "generation": generation_of(user)},
            )
            letter = Message(
                registration_id=one.id,
                public_id=links.new_public_id(),
                message_id="<letter@example.org>",
                kind=LetterKind.CONFIRMATION,
                language_tag="en",
                recipient=one.email,
                address_key=one.address_key,
                dedupe_key="letter",
                state=MessageState.SENT,
                due_at=at,
                created_at=at,
            )
            session.add_all([receipt, change, reset, letter])
        ids = {
            Purpose.RECEIPT: receipt.public_id,
            Purpose.VERIFY: waiting.public_id,
            Purpose.ADDRESS: change.public_id,
            Purpose.INVITATION: "mineinvitationaa",
            Purpose.PASSWORD: reset.public_id,
        }
        tokens = {
            room: links.token(self.settings.link_key, purpose, ids.get(purpose, one.public_id))
            for room, purpose in PURPOSES.items()
        }
        return {f"{room}.token": token for room, token in tokens.items()} | {
            "receipt": tokens["registrations"],
            "slug": event.slug,
            "public.organization.slug": "example-league",
            "key": "english",
            "unsubscribe.kind": "reminders",
            "service": next(iter(SERVICES)),
            "colour": "0b6b5c",
            "seed": "forum",
            "digest": asset("icon.svg").split("/")[2],
            "name": "icon.svg",
        }

    def _signed_in(self, member: User) -> DeskOf:
        client, public_id = self.app.test_client(), links.new_public_id()
        user_id, uniquifier = member.id, member.fs_uniquifier
        with transaction() as session:
            session.add(SignIn(user_id=user_id, public_id=public_id, created_at=now(), seen_at=now()))
        with client.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"], kept["sign_in"] = uniquifier, True, public_id
            kept["fs_cc"], kept["fs_paa"] = "set", time.time()
            kept.permanent = True
        return DeskOf(client)

    # Addresses

    def argument(self, rule: Rule, name: str) -> Any:
        """What stands behind that part of an address; KeyError where nobody has said."""
        address = Address(rule.endpoint, "GET", rule, None, fresh=False)
        room = rule.endpoint.rpartition(".")[0]
        organizers = rule.endpoint.startswith("organizer.") and rule.endpoint.count(".") > 1
        names = [f"{rule.endpoint}.{name}", f"{room}.{name}", *([address.named(name)] if organizers else []), name]
        return next(self.values[one] for one in names if one in self.values)

    def path(self, rule: Rule, hostile: Mapping[str, bytes] | None = None) -> bytes:
        """The address of a rule, with some of its parts replaced; already percent-encoded."""
        parts = []
        for dynamic, data in rule._trace[1:]:  # after what stands for the host
            if not dynamic:
                parts.append(quote(data, safe="/").encode())
            elif hostile and data in hostile:
                parts.append(hostile[data])
            else:
                parts.append(quote(str(self.argument(rule, data)), safe="").encode())
        return b"".join(parts)

    # Forms

    def forms(self, rules: Sequence[Rule]) -> dict[str, Form]:
        """By endpoint, every form that the pages of these rules post."""
        found: dict[str, Form] = {}
        for rule in rules:
            if "GET" not in (rule.methods or ()) or any(not self.knows(rule, name) for name in rule.arguments):
                continue
            answer = self.ask(Asked("GET", self.path(rule)), signed_in=rule.rule.startswith("/organizer"))
            if answer.mimetype == "text/html" and answer.status_code == 200:
                for form in read(answer).all("form", method="post"):
                    made = self._form(form, rule)
                    known = found.get(made.endpoint)
                    if known is None or len(known.fields) < len(made.fields):
                        found[made.endpoint] = made
        return found

    def knows(self, rule: Rule, name: str) -> bool:
        try:
            self.argument(rule, name)
        except StopIteration:
            return False
        return True

    def _form(self, form: Element, rule: Rule) -> Form:
        path = urlsplit(form.get("action") or "").path or self.path(rule).decode()
        endpoint, _ = self.app.url_map.bind(HOST).match(path, method="POST")
        fields: dict[str, list[str]] = {}
        files = set()
        for one in form.walk():
            name, kind = one.get("name"), one.get("type") or ("textarea" if one.tag == "textarea" else "text")
            if name is None:
                continue
            if kind == "file":
                files.add(name)
            elif one.tag == "select":
                fields.setdefault(name, []).extend(option.get("value") or "" for option in one.all("option"))
            elif one.tag == "textarea" or (one.tag == "input" and kind in LIKELY):
                fields.setdefault(name, []).extend([one.get("value") or one.text, *LIKELY[kind]])
            else:
                fields.setdefault(name, []).append(one.get("value") or "on")
        return Form(endpoint, fields, frozenset(files))

    # Requests

    def ask(self, asked: Asked, *, signed_in: bool = False) -> TestResponse:
        """The answer. What a view raised unforeseen is raised here."""
        assert self.owner is not None
        environ = self._environ(asked, signed_in=signed_in)
        with _listening() as unforeseen:
            db.session.rollback()
            answer = self.app.test_client(use_cookies=False).open(_Exactly(environ))
            answer.get_data()
        for error in unforeseen.raised:
            raise error
        if asked.method not in ("GET", "HEAD") and answer.status_code == 200:
            self.changed = True
        return answer

    def _environ(self, asked: Asked, *, signed_in: bool) -> dict[str, Any]:
        builder = EnvironBuilder(
            path="/", method=asked.method, base_url=f"https://{HOST}", input_stream=BytesIO(asked.body)
        )
        environ = builder.get_environ()
        environ["PATH_INFO"] = unquote_to_bytes(asked.path).decode("latin-1")
        environ["QUERY_STRING"] = asked.query.decode("latin-1")
        environ["CONTENT_LENGTH"] = str(len(asked.body))
        environ["REMOTE_ADDR"] = "192.0.2.1"
        if asked.content_type:
            environ["CONTENT_TYPE"] = asked.content_type
        if signed_in and self.owner is not None:
            environ["HTTP_COOKIE"] = self.owner._cookie()
        for name, value in asked.headers:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ
