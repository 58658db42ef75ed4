"""The events that are measured, as records: what an organizer would write, of a usual length."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

FORUM = "forum"  # people register for it
FAIR = "fair"  # its table is long, and its people get the letters
FEED = "calendar"  # its file is long
OTHER = "other-{:03}"  # events that nobody has asked for yet
TABLE = f"/organizer/o/example-league/events/{FAIR}/registrations"

_ENGLISH = """\
Anyone may come, from anywhere: bring a question, a story or simply your **curiosity**.

- Welcome, and how we talk with each other
- Three short talks, on [what we learnt](https://example.org/learnt) last year
- Open floor: two minutes each

You need no account and no camera. We speak slowly, and somebody writes along in the chat.
"""
_SPANISH = """\
Puede participar cualquier persona: traiga una pregunta, una historia o su **curiosidad**.

- Bienvenida, y cómo hablamos entre nosotros
- Tres charlas breves, sobre [lo aprendido](https://example.org/aprendido) el año pasado
- Micrófono abierto: dos minutos por persona

No hace falta cuenta ni cámara. Hablamos despacio, y alguien lo escribe en el chat.
"""


def record(slug: str, starts: list[datetime], *, capacity: int | None = None) -> dict[str, Any]:
    """A public event in two languages with an online room at each date; one chooses one date."""
    zone = ZoneInfo("America/Los_Angeles")
    return {
        "record": 1,
        "slug": slug,
        "organization": {
            "slug": "example-league",
            "name": "Example League",
            "contact": "contact@example.org",
            "privacy_url": "https://example.org/privacy",
        },
        "default_language": "en",
        "contact": "contact@example.org",
        "topics": [{"en": "public forum", "es": "foro público"}],
        "languages": {
            "en": {
                "summary": f"Public online forum ({slug})",
                "excerpt": "An open conversation, held once in English and once in Spanish.",
                "description": _ENGLISH,
            },
            "es": {
                "summary": f"Foro público en línea ({slug})",
                "excerpt": "Una conversación abierta, una vez en inglés y otra en español.",
                "description": _SPANISH,
            },
        },
        "occurrences": [
            {
                "id": f"date-{number}",
                "start": start.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "tzid": zone.key,
                "duration": "PT1H30M",
                "language": ("en", "es")[number % 2],
                "conference": {
                    "provider": "zoom",
                    "kind": "webinar",
                    "meeting_id": f"8231456{number:04}",
                    "passcode": "428571",
                    "access": "registered",
                },
            }
            | ({} if capacity is None else {"capacity": capacity})
            for number, start in enumerate(starts)
        ],
        "registration": {
            "questions": [
                {
                    "id": "source",
                    "type": "single_choice",
                    "label": {"en": "How did you hear about the forum?", "es": "¿Cómo se enteró del foro?"},
                    "options": [
                        {"id": "friend", "label": {"en": "From a friend", "es": "Por una amistad"}},
                        {"id": "letter", "label": {"en": "From a letter", "es": "Por una carta"}},
                    ],
                }
            ],
        },
        "status": "published",
    }


def dates(now: datetime) -> dict[str, list[datetime]]:
    """When each event is. The fair's reminder of a day before was due two hours ago."""
    later = [now + timedelta(days=days) for days in (30, 45)]
    return {FORUM: later, FAIR: [now + timedelta(hours=22)], FEED: later[:1]}
