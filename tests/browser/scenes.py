"""The events that browsers are shown, and the list of pages that every general check walks through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import time_machine
from playwright.sync_api import APIResponse, Page, Response
from sqlalchemy import select

from eventsapp.actions.demo import load_demo
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import (
    Approval,
    Choose,
    ConferenceProvider,
    PlaceState,
    Purpose,
    QuestionType,
    RegistrationNeed,
)
from eventsapp.models import AddressChange, Event
from tests.browser.live import NOW, Live
from tests.factory import Make

EVENING = datetime(2026, 6, 28, 23, 30)  # noqa: DTZ001  half past midnight, and so Monday, in Mexico City
TOGETHER = {"en": "One hour together, wherever you live.", "es": "Una hora juntos, donde sea que viva."}
DESCRIPTION = {
    "en": "We listen to **three short reports** and then talk.\n\n- Bring a question.\n- Nobody is recorded.\n\n"
    "More on [our site](https://example.org/forum).",
    "es": "Escuchamos **tres informes breves** y luego conversamos.\n\n- Traiga una pregunta.\n- No se graba a nadie.",
}
OPTIONS = [
    {"id": "friend", "label": {"en": "From a friend", "es": "Por una amistad"}},
    {"id": "letter", "label": {"en": "From a newsletter", "es": "Por un boletín"}},
]
QUESTIONS = [
    {"key": "wish", "type": QuestionType.SHORT_TEXT, "label": {"en": "What do you hope for?", "es": "¿Qué espera?"}},
    {
        "key": "story",
        "type": QuestionType.LONG_TEXT,
        "label": {"en": "Your question to us", "es": "Su pregunta"},
        "help": {"en": "A few sentences are enough.", "es": "Bastan unas frases."},
    },
    {
        "key": "found",
        "type": QuestionType.SINGLE_CHOICE,
        "required": True,
        "label": {"en": "How did you hear of this?", "es": "¿Cómo se enteró?"},
        "options": OPTIONS,
    },
    {
        "key": "topics",
        "type": QuestionType.SEVERAL_CHOICES,
        "label": {"en": "What interests you?", "es": "¿Qué le interesa?"},
        "options": [
            {"id": "water", "label": {"en": "Water", "es": "Agua"}},
            {"id": "forest", "label": {"en": "Forests", "es": "Bosques"}},
        ],
    },
    {"key": "first", "type": QuestionType.YES_NO, "label": {"en": "Your first time?", "es": "¿Es su primera vez?"}},
    {"key": "people", "type": QuestionType.NUMBER, "label": {"en": "How many are you?", "es": "¿Cuántos son?"}},
    {"key": "born", "type": QuestionType.DATE, "label": {"en": "Member since", "es": "Miembro desde"}},
    {"key": "country", "type": QuestionType.COUNTRY, "label": {"en": "Country", "es": "País"}},
    {"key": "phone", "type": QuestionType.PHONE, "label": {"en": "Telephone", "es": "Teléfono"}},
    {"key": "site", "type": QuestionType.URL, "label": {"en": "Your website", "es": "Su sitio web"}},
    {
        "key": "consent",
        "type": QuestionType.CONSENT,
        "required": True,
        "label": {"en": "I have read how my data are used.", "es": "He leído cómo se usan mis datos."},
    },
]
ASKED_SOMETIMES = [
    {
        "key": "dish",
        "type": QuestionType.SINGLE_CHOICE,
        "required": True,
        "label": {"en": "What would you like to eat?", "es": "¿Qué le gustaría comer?", "ar": "ماذا تودون أن تأكلوا؟"},
        "options": [
            {"id": "lentils", "label": {"en": "Lentils", "es": "Lentejas", "ar": "عدس"}, "limit": 20},
            {"id": "fish", "label": {"en": "Fish", "es": "Pescado", "ar": "سمك"}, "limit": 3},
            {"id": "cheese", "label": {"en": "Cheese", "es": "Queso", "ar": "جبن"}, "limit": 0},
            {"id": "else", "label": {"en": "Something else", "es": "Otra cosa", "ar": "شيء آخر"}, "other": True},
        ],
    },
    {
        "key": "allergies",
        "type": QuestionType.LONG_TEXT,
        "required": True,
        "label": {
            "en": "What must the cook know?",
            "es": "¿Qué debe saber quien cocina?",
            "ar": "ماذا يجب أن يعرف الطباخ؟",
        },
        "help": {"en": "Allergies, for example.", "es": "Por ejemplo, alergias.", "ar": "الحساسية مثلًا."},
        "only_if": [{"question": "dish", "is": ["else", "fish"]}],
    },
    {
        "key": "child",
        "type": QuestionType.YES_NO,
        "label": {"en": "Do you bring a child?", "es": "¿Viene con un niño?", "ar": "هل تأتون بطفل؟"},
    },
    {
        "key": "age",
        "type": QuestionType.SEVERAL_CHOICES,
        "label": {"en": "What does the child need?", "es": "¿Qué necesita el niño?", "ar": "ماذا يحتاج الطفل؟"},
        "options": [
            {"id": "chair", "label": {"en": "A high chair", "es": "Una silla alta", "ar": "كرسي مرتفع"}, "limit": 1},
            {"id": "toys", "label": {"en": "Something to play with", "es": "Juguetes", "ar": "ألعاب"}},
        ],
        "only_if": [{"question": "child", "is": ["yes"]}],
    },
]
ROOM = "https://room.localhost:9/forum"  # nobody answers there; what counts is that the browser goes
IN_A_ROOM = {"provider": ConferenceProvider.OTHER, "url": ROOM, "meeting_id": "85835549492", "passcode": "191837"}
IN_ARABIC = {
    "summary": "ندوة عامة حول الماء والغابات",
    "excerpt": "ساعة واحدة معًا أينما كنتم.",
    "description": "نستمع إلى **ثلاثة تقارير قصيرة** ثم نتحاور عبر Zoom.\n\n- أحضروا سؤالًا.",
}


@dataclass(frozen=True)
class Scene:
    """One page: ``path`` holds the language tag and what ``set_paths`` gives.

    ``send``: its form is sent as it stands, after the radio button with the value ``choose`` was chosen.
    """

    path: str
    send: bool = False
    choose: str = ""

    def open(self, page: Page, tag: str, paths: Mapping[str, str]) -> Response:
        """Go there; returns the answer that the page came with."""
        answer = page.goto(self.path.format(tag=tag, **paths))
        if self.choose:
            page.locator(f"main form [value='{self.choose}']").check()
        if self.send:
            with page.expect_navigation() as navigation:
                page.locator("main form button[type=submit]").last.click()
            answer = navigation.value
        assert answer is not None
        return answer

    def fetch(self, page: Page, tag: str, paths: Mapping[str, str]) -> APIResponse:
        """What the server sends for it, with nothing shown: for pages without ``send``."""
        assert not self.send
        return page.request.get(self.path.format(tag=tag, **paths))


SCENES = {
    "list": Scene("/{tag}/"),
    "demo": Scene("/{tag}/events/public-forum"),
    "event": Scene("/{tag}/events/forum"),
    "questions": Scene("/{tag}/events/evening?tz=America/Mexico_City"),
    "errors": Scene("/{tag}/events/evening", send=True),
    "receipt": Scene("/{tag}/registrations/{receipt}"),
    "receipt-to-confirm": Scene("/{tag}/registrations/{to_confirm}"),
    "verify": Scene("/{tag}/verify/{verify}"),
    "verified": Scene("/{tag}/verify/{verified}/done"),
    "join": Scene("/{tag}/j/{join}"),
    "waiting": Scene("/{tag}/j/{waiting}"),
    "joining": Scene("/{tag}/j/{joining}"),
    "manage": Scene("/{tag}/manage/{manage}?done=dates"),
    "manage-gone": Scene("/{tag}/manage/{gone}"),
    "manage-dates": Scene("/{tag}/manage/{manage}/dates"),
    "manage-cancel": Scene("/{tag}/manage/{manage}/cancel"),
    "manage-details": Scene("/{tag}/manage/{details}/details", send=True),
    "manage-language": Scene("/{tag}/manage/{manage}/language"),
    "manage-sure": Scene("/{tag}/manage/{doubting}/dates", send=True, choose="crowded"),
    "manage-ask": Scene("/{tag}/events/forum/link", send=True),
    "manage-asked": Scene("/{tag}/events/forum/link?sent={asked}"),
    "address": Scene("/{tag}/manage/{moving}/address"),
    "address-error": Scene("/{tag}/manage/{moving}/address", send=True),
    "address-confirm": Scene("/{tag}/address/{address}"),
    "data": Scene("/{tag}/manage/{details}/data"),
    "erase": Scene("/{tag}/manage/{manage}/erase"),
    "unsubscribe": Scene("/{tag}/unsubscribe/follow-ups/{unsubscribe}"),
    "erased": Scene("/{tag}/erased"),
    "share": Scene("/{tag}/events/forum/share?city=Houston,+US&q=san"),
    "zones": Scene("/{tag}/time-zone?q=mex&return=/{tag}/events/forum"),
    "organization": Scene("/{tag}/organizations/riverside"),
    "missing": Scene("/{tag}/events/no-such-event"),
    "mailbox": Scene("/mailbox"),
    "letter": Scene("/mailbox/{letter}"),
}
STATES = {
    slug: Scene(f"/{{tag}}/events/{slug}")
    for slug in ("past", "full", "waitlist", "later", "closed", "cancelled", "approval", "open-house", "series")
} | {
    "german": Scene("/de/events/lang"),
    "japanese": Scene("/ja/events/lang"),
    "arabic": Scene("/ar/events/arabic"),
    "supper": Scene("/{tag}/events/supper"),
    "supper-errors": Scene("/ar/events/supper", send=True),
    "arabic-errors": Scene("/ar/events/arabic", send=True),
}


def both(english: str, spanish: str) -> dict[str, dict[str, str]]:
    """The two language variants of an event."""
    return {
        tag: {"summary": summary, "excerpt": TOGETHER[tag], "description": DESCRIPTION[tag]}
        for tag, summary in (("en", english), ("es", spanish))
    }


def set_stage(live: Live) -> None:
    """Write the demo, one event in each state that a page has words for, and a few that try a layout's patience."""
    with live.rows() as make:
        make.organization(
            slug="riverside", name="Riverside Society", accent="#7a3b8f", imprint_url="https://example.org/imprint"
        )
        with transaction() as session:
            load_demo(session, now=NOW, settings=live.settings)
        make.event("forum", languages=both("Public forum on water", "Foro público sobre el agua"))
        make.event(
            "evening",
            languages=both("An evening for the forest", "Una noche por el bosque"),
            occurrences=[{"key": "night", "dtstart_local": EVENING, "language_tag": "es"}],
            questions=QUESTIONS,
        )
        make.event(
            "crossing",
            languages=both("Two nights by the river", "Dos noches junto al río") | {"ar": IN_ARABIC},
            occurrences=[
                {"key": "june", "dtstart_local": EVENING, "conference": IN_A_ROOM},
                {"key": "july", "dtstart_local": EVENING + timedelta(days=14), "conference": IN_A_ROOM},
            ],
            questions=[question for question in QUESTIONS if question["key"] in ("story", "found", "consent")],
        )
        make.event(
            "supper",
            languages=both("A supper for neighbours", "Una cena entre vecinos") | {"ar": "عشاء للجيران"},
            occurrences=[_at("supper", datetime(2026, 6, 20, 19))],  # noqa: DTZ001
            questions=ASKED_SOMETIMES,
        )
        for slug, languages in (
            ("arabic", {"en": "A seminar in two scripts", "ar": IN_ARABIC}),
            ("arabic-only", {"ar": IN_ARABIC}),
        ):
            where = {"ar": "عبر الإنترنت", "en": "Online"}
            talk = _at("talk", datetime(2026, 6, 13, 16), location=where)  # noqa: DTZ001
            make.event(slug, languages=languages, occurrences=[talk])
        make.event(
            "vancouver",
            languages={"en": "A winter evening in Vancouver"},
            occurrences=[_at("winter", datetime(2027, 1, 15, 17), tzid="America/Vancouver")],  # noqa: DTZ001
        )
        _running(make)
        _try_patience(make)
        _set_states(make)


def _try_patience(make: Make) -> None:
    make.event(
        "lang",
        languages={
            "de": {
                "summary": "Donaudampfschifffahrtsgesellschaftskapitänsversammlungsvorbereitungsausschuss",
                "excerpt": "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz, einfach erklärt.",
            },
            "ja": {"summary": "水と森についての公開フォーラム", "excerpt": "どこにお住まいでも、ご一緒に一時間。"},
        },
        occurrences=[_at("abend", datetime(2026, 5, 4, 19), tzid="America/Argentina/Buenos_Aires")],  # noqa: DTZ001
    )
    make.event(
        "series",
        languages=both("Five mornings of reading", "Cinco mañanas de lectura"),
        occurrences=[
            _at(f"morning-{day}", datetime(2026, 4, day, 9, 30), capacity=day, language_tag="en" if day % 2 else "es")  # noqa: DTZ001
            for day in (1, 8, 15, 22, 29)
        ],
        choose=Choose.ANY,
    )


def _set_states(make: Make) -> None:
    in_june = datetime(2026, 6, 20, 10)  # noqa: DTZ001
    make.event("past", languages=both("What was", "Lo que fue"), occurrences=[_at("day", datetime(2026, 2, 1, 10))])  # noqa: DTZ001
    for slug, waitlist in (("full", False), ("waitlist", True)):
        event = make.event(
            slug,
            languages=both(f"A room with one chair ({slug})", f"Una sala con una silla ({slug})"),
            occurrences=[_at("day", in_june, capacity=1)],
            waitlist=waitlist,
        )
        make.registration(event, places={"day": PlaceState.CONFIRMED})
    event = make.event(
        "doubt",
        languages=both("Two rooms, one of them full", "Dos salas, una de ellas llena"),
        occurrences=[_at("crowded", in_june, capacity=1), _at("quiet", in_june + timedelta(days=7))],
        waitlist=True,
    )
    make.registration(event, places={"crowded": PlaceState.CONFIRMED})
    make.event(
        "later",
        languages=both("Not yet open", "Todavía no"),
        occurrences=[_at("day", in_june)],
        opens_local=datetime(2026, 5, 1, 9),  # noqa: DTZ001
        opens_tzid="America/Los_Angeles",
        opens_at=NOW.replace(month=5, day=1, hour=16),
    )
    make.event(
        "closed",
        languages=both("Closed already", "Ya cerrado"),
        occurrences=[_at("day", in_june)],
        closes_local=datetime(2026, 3, 1, 9),  # noqa: DTZ001
        closes_tzid="America/Los_Angeles",
        closes_at=NOW.replace(day=1, hour=17),
    )
    make.event(
        "cancelled",
        languages=both("Called off", "Cancelado"),
        occurrences=[_at("day", in_june)],
        cancelled_at=NOW,
    )
    make.event(
        "approval",
        languages=both("By invitation", "Con invitación"),
        occurrences=[_at("day", in_june)],
        approval=Approval.MANUAL,
    )
    make.event(
        "proved",
        languages=both("By confirmed e-mail address", "Con correo electrónico confirmado"),
        occurrences=[_at("day", in_june)],
        verify_seconds=2 * 3600,
    )
    make.event(
        "open-house",
        languages=both("Come as you are", "Venga como quiera"),
        occurrences=[_at("day", in_june, registration=RegistrationNeed.NONE, location={"": "Calle Mayor 1, Madrid"})],
    )


def _running(make: Make) -> None:
    """A date that is open from the beginning of the tests to their end, after one that was called off."""
    conference = {
        "provider": ConferenceProvider.ZOOM,
        "url": "https://us06web.zoom.us/j/85835549492",
        "meeting_id": "85835549492",
        "passcode": "191837",
        "dial_in": [
            {"number": "+52 55 4161 4288", "country": "MX", "city": "Ciudad de México"},
            {"number": "+1 669 900 6833", "country": "US", "city": "San José"},
        ],
    }
    before = _at("before", datetime(2026, 3, 1, 4), cancelled_at=NOW)  # noqa: DTZ001
    long = _at("long", datetime(2026, 3, 2, 4), duration_seconds=12 * 3600, language_tag="es", conference=conference)  # noqa: DTZ001
    make.event(
        "running", languages=both("A long day by the water", "Un largo día junto al agua"), occurrences=[before, long]
    )


def _at(key: str, dtstart_local: datetime, **values: Any) -> Mapping[str, Any]:
    return {"key": key, "dtstart_local": dtstart_local} | values


def set_paths(live: Live) -> dict[str, str]:
    """What the addresses of ``SCENES`` are filled in with: a receipt and the links of people just registered."""
    receipt = live.register(
        "evening",
        name="Zoë Muñoz",
        email="zoe@example.org",
        time_zone="Mexico City",
        **{"q-found": "friend", "q-consent": "yes"},
    )
    live.deliver()
    return {
        "letter": min(live.mail.glob("*.eml")).name,
        "receipt": receipt,
        "to_confirm": live.register("proved", name="Zoë Muñoz", email="zoe@example.org", time_zone="Mexico City"),
        "verify": own_link(live, "proved", PlaceState.UNVERIFIED, Purpose.VERIFY),
        "verified": own_link(live, "proved", PlaceState.CONFIRMED, Purpose.VERIFY),
        "join": join_link(live, "forum", PlaceState.CONFIRMED),
        "waiting": join_link(live, "waitlist", PlaceState.WAITLISTED),
        "joining": join_link(live, "running", PlaceState.CONFIRMED),
        "manage": own_link(live, "series", PlaceState.CONFIRMED, Purpose.MANAGE),
        "gone": own_link(live, "forum", PlaceState.CANCELLED, Purpose.MANAGE),
        "doubting": own_link(live, "doubt", PlaceState.CONFIRMED, Purpose.MANAGE),
        "asked": asked_for(live, "forum", "zoe@example.org"),
        "details": own_link(live, "evening", PlaceState.CONFIRMED, Purpose.MANAGE),
        "unsubscribe": own_link(live, "evening", PlaceState.CONFIRMED, Purpose.FOLLOW_UPS),
        **address_links(live),
    }


def asked_for(live: Live, slug: str, email: str) -> str:
    """What names the address on the page that says where a link was sent to."""
    with time_machine.travel(NOW):
        answer = live.app.test_client().post(f"/en/events/{slug}/link", data={"email": email})
    return parse_qs(urlsplit(answer.location).query)["sent"][0]


def address_links(live: Live) -> dict[str, str]:
    """The manage link of somebody who waits for a new address to be confirmed, and the link in the letter to it."""
    with live.rows() as make:
        event = db.session.scalars(select(Event).where(Event.slug == "forum")).one()
        registration = make.registration(event)
        email = f"zoe.{registration.public_id}@example.net"
        with transaction() as session:
            change = AddressChange(
                registration_id=registration.id,
                public_id=links.new_public_id(),
                email=email,
                address_key=email,
                created_at=make.now,
                expires_at=make.now + timedelta(days=1),
            )
            session.add(change)
        key = live.settings.link_key
        return {
            "moving": links.token(key, Purpose.MANAGE, registration.public_id),
            "address": links.token(key, Purpose.ADDRESS, change.public_id),
        }


def join_link(live: Live, slug: str, state: PlaceState) -> str:
    return own_link(live, slug, state, Purpose.JOIN)


def own_link(live: Live, slug: str, state: PlaceState, purpose: Purpose) -> str:
    """The token of a new person's link; the person holds a place in the event's last occurrence."""
    with live.rows() as make:
        event = db.session.scalars(select(Event).where(Event.slug == slug)).one()
        registration = make.registration(event, places={event.occurrences[-1].key: state})
        return links.token(live.settings.link_key, purpose, registration.public_id)
