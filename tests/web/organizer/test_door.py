"""The door: who is let in, and what the others are told."""

from eventsapp.domain.vocabulary import Role


def test_somebody_signs_in_and_arrives_at_the_events(client, make):
    make.member(email="olga@example.org", password="a long enough sentence")
    form = {"email": "olga@example.org", "password": "a long enough sentence"}
    page = client.get("/organizer/sign-in")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post("/organizer/sign-in", data=form | {"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/organizer/")
    assert client.get(client.get("/organizer/").location).status_code == 200


def test_a_stranger_is_led_to_the_sign_in_and_back(client, make):
    make.event()
    answer = client.get("/organizer/o/example-league/events/forum")
    assert (answer.status_code, answer.location) == (
        303,
        "/organizer/sign-in?next=/organizer/o/example-league/events/forum",
    )


def test_a_foreign_event_is_one_that_never_existed(desk, make):
    make.event()
    other = make.organization(slug="other", name="Other")
    owner = desk(make.member(other))
    assert owner.get("/o/other/events").status_code == 200
    foreign, bad = owner.get("/o/other/events/forum"), owner.get("/o/other/events/none")
    assert (foreign.status_code, bad.status_code) == (404, 404)
    assert owner.get("/o/example-league/events").status_code == 404


def test_a_limited_member_knows_of_their_events_alone(desk, make):
    mine, _other = make.event(), make.event("talk")
    limited = desk(make.member(mine.organization, Role.ASSISTANT, events=[mine]))
    assert limited.get("/o/example-league/events/forum").status_code == 200
    assert limited.get("/o/example-league/events/talk").status_code == 404


def test_public_pages_know_of_no_cookie(desk, make):
    event = make.event()
    page = desk(make.member(event.organization)).client.get("/events/forum")
    assert "Set-Cookie" not in page.headers
    assert "Cookie" not in page.headers.get("Vary", "")
