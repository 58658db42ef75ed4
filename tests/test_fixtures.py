"""The fixtures keep tests apart."""

from eventsapp.models import Event


def test_rows_are_committed(make, session, client):
    event = make.event()
    registration = make.registration(event, places={"english": "confirmed", "spanish": "waitlisted"})
    session.rollback()
    assert [place.state for place in registration.places] == ["confirmed", "waitlisted"]
    assert registration.event.organization.slug == "example-league"
    client.get("/nothing")
    assert event.occurrences[0].conference.meeting_id == "85835549492"


def test_rows_are_gone(make, session):
    assert session.query(Event).count() == 0


def test_settings(settings):
    assert settings.base_url == "https://events.example.org"
