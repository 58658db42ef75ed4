"""Where people come from: the link they followed, kept on the way to the form, and cleaned."""

import pytest
from sqlalchemy import select

from eventsapp.models import Registration

FORM = {"name": "Ana", "email": "ana@example.org", "occurrences": "spanish"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("via=newsletter", "newsletter"),
        ("via=%20Radio%0d%0aX:%201%20", "Radio X: 1"),
        ("via=" + "x" * 500, "x" * 60),
        ("utm_source=mail&utm_medium=letter&utm_campaign=june", "mail / letter / june"),
        ("utm_campaign=june", "june"),
        ("via=poster&utm_source=mail", "poster"),
        ("via=", ""),
    ],
)
def test_the_followed_link_is_kept_with_the_registration(client, make, session, query, expected):
    make.event()
    page = client.get(f"/events/forum?{query}")
    field = f'<input type="hidden" name="via" value="{expected}">'
    assert (field in page.text) is bool(expected)
    assert client.post("/events/forum/registrations", data=FORM | {"via": expected}).status_code == 303
    assert session.scalars(select(Registration.source)).all() == [expected]


def test_it_outlives_a_mistake_another_language_and_the_choice_of_a_zone(client, make):
    make.event()
    page = client.get("/es/events/forum?via=radio&tz=Europe/Madrid")
    assert "/en/events/forum?tz=Europe/Madrid&amp;via=radio" in page.text
    assert "return=/es/events/forum?via%3Dradio" in page.text
    wrong = client.post("/events/forum/registrations", data=FORM | {"via": "radio", "email": "ana"})
    assert (wrong.status_code, 'name="via" value="radio"' in wrong.text) == (422, True)


def test_what_search_engines_are_told_names_no_source(client, make):
    make.event()
    head = client.get("/events/forum?via=radio&tz=Europe/Madrid").text.partition("</head>")[0]
    assert "radio" not in head
