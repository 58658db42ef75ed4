"""Ending reminders and follow-ups: by mail programs, by people, and by nobody who only looks."""

import json
from itertools import product

import pytest
from sqlalchemy import func, select

from eventsapp.actions.erase import erase
from eventsapp.actions.suppress import suppress
from eventsapp.db import transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import ACCOUNT_LETTERS, STAFF_LETTERS, LetterKind, MessageState, Purpose, Suppression
from eventsapp.models import Message, Place, Registration, SuppressedAddress
from eventsapp.queries.suppressed import suppression_of, wishes_of
from tests.web.html import read, values

REMINDERS, FOLLOW_UPS = Purpose.REMINDERS, Purpose.FOLLOW_UPS
KINDS = {REMINDERS: "reminders", FOLLOW_UPS: "follow-ups"}
FOLLOW_UP = {"trigger": "1 day after end at 10:00", "for": "all", "wait_for_recording": False}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BOTH = pytest.mark.parametrize("purpose", [REMINDERS, FOLLOW_UPS], ids=["reminders", "follow-ups"])


@pytest.fixture
def database(_sqlite_url):
    """What is written is tested on both, beside the action; here it is the door, so one is enough."""
    return _sqlite_url


@pytest.fixture
def path(settings):
    """``path(registration, purpose)``: the address in its letters; ``by`` another purpose's token."""

    def path(registration, purpose, *, tag="", by=None, generation=1):
        token = links.token(settings.link_key, by or purpose, registration.public_id, generation)
        return f"{'/' if tag else ''}{tag}/unsubscribe/{KINDS[purpose]}/{token}"

    return path


@pytest.fixture
def manage(settings):
    def manage(registration, page=""):
        token = links.token(settings.link_key, Purpose.MANAGE, registration.public_id, registration.link_generation)
        return f"/en/manage/{token}{page}"

    return manage


@pytest.fixture
def wanted(session, settings):
    """(reminders, follow-ups) as the rows say."""

    def wanted(registration_id=None):
        session.rollback()
        mine = [] if registration_id is None else [Registration.id == registration_id]
        wishes = wishes_of(session, session.scalars(select(Registration).where(*mine)).one(), settings)
        return wishes.reminders, wishes.follow_ups

    return wanted


@pytest.fixture
def person(make):
    return make.registration(make.event(follow_ups=[FOLLOW_UP]))


class TestOneClick:
    @BOTH
    def test_it_ends_them_and_nothing_else(self, purpose, client, person, path, wanted):
        answer = client.post(path(person, purpose), data=ONE_CLICK)
        assert (answer.status_code, answer.headers.get("Location"), answer.headers.get("Set-Cookie")) == (
            200,
            None,
            None,
        )
        assert wanted() == (purpose is not REMINDERS, purpose is not FOLLOW_UPS)

    @BOTH
    def test_twice_is_the_same(self, purpose, *, client, person, path, wanted, session):
        answers = [client.post(path(person, purpose), data=ONE_CLICK) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert len({answer.text for answer in answers}) == 1
        assert wanted() == (purpose is not REMINDERS, purpose is not FOLLOW_UPS)
        assert session.scalar(select(func.count()).select_from(SuppressedAddress)) == (purpose is FOLLOW_UPS)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"},
            {"Origin": "null"},
            {"User-Agent": "", "Accept": "*/*"},
        ],
    )
    @pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data"])
    def test_it_may_come_from_anywhere(self, headers, form, *, client, person, path, wanted):
        answer = client.post(path(person, REMINDERS), data=ONE_CLICK, headers=headers, content_type=form)
        assert (answer.status_code, wanted()) == (200, (False, True))

    def test_other_posts_still_may_not(self, client, person, path, manage, wanted):
        foreign = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
        for address in (path(person, REMINDERS) + "/again", manage(person, "/reminders")):
            assert client.post(address, headers=foreign).status_code == 403
        assert wanted() == (True, True)

    def test_no_number_of_networks_is_counted(self, client, person, path, settings):
        answers = {client.post(path(person, REMINDERS)).status_code for _ in range(settings.limit_per_network + 2)}
        assert answers == {200}

    def test_follow_ups_end_for_the_whole_organization_and_for_no_other(self, make, client, path, wanted):
        mine = make.registration(make.event(), email="zoe@example.org")
        other = make.organization(slug="other", name="Other")
        beside = make.registration(make.event("second"), email="zoe@example.org").id
        elsewhere = make.registration(make.event("third", organization=other), email="zoe@example.org").id
        somebody = make.registration(make.event("fourth"), email="bea@example.org").id
        mine_id = mine.id
        client.post(path(mine, FOLLOW_UPS), data=ONE_CLICK)
        assert [wanted(one)[1] for one in (mine_id, beside, elsewhere, somebody)] == [False, False, True, True]

    def test_reminders_end_for_one_registration(self, make, client, path, wanted):
        mine = make.registration(make.event(), email="zoe@example.org")
        beside = make.registration(make.event("second"), email="zoe@example.org").id
        mine_id = mine.id
        client.post(path(mine, REMINDERS), data=ONE_CLICK)
        assert [wanted(one) for one in (mine_id, beside)] == [(False, True), (True, True)]


class TestLooking:
    @BOTH
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_it_changes_nothing(self, method, purpose, *, client, person, path, wanted):
        for tail in ("", "?List-Unsubscribe=One-Click", "/again"):
            assert client.open(path(person, purpose) + tail, method=method).status_code in {200, 303}
        assert wanted() == (True, True)

    @BOTH
    def test_the_page_speaks_the_letters_language_and_no_cache_keeps_it(self, purpose, client, person, path):
        answer = client.get(path(person, purpose))
        assert read(answer).one("html")["lang"] == "es"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert (answer.headers["Referrer-Policy"], answer.headers["X-Robots-Tag"]) == (
            "no-referrer",
            "noindex, nofollow",
        )

    def test_it_leads_to_nothing_personal(self, client, person, path):
        for answer in (client.get(path(person, FOLLOW_UPS)), client.post(path(person, FOLLOW_UPS))):
            assert [
                one for one in ("/manage/", "/j/", "Zoë", "person1@example.com", "K7PM") if one in answer.text
            ] == []

    @BOTH
    def test_a_person_ends_them_and_thinks_better_of_it(self, purpose, *, client, person, path, wanted):
        page = read(client.get(path(person, purpose, tag="en")))
        form = page.one("form")
        assert (page.one("h1").text, form.one("button").text) == {
            REMINDERS: ("End the reminders of this event?", "End the reminders"),
            FOLLOW_UPS: ("End the letters after events?", "End these letters"),
        }[purpose]
        done = read(client.post(form["action"], data=values(form)))
        assert (
            done.one("h1").text
            == {
                REMINDERS: "You get no more reminders of this event",
                FOLLOW_UPS: "You get no more letters after events",
            }[purpose]
        )
        assert wanted() == (purpose is not REMINDERS, purpose is not FOLLOW_UPS)
        again = client.post(done.one("form")["action"])
        assert again.status_code == 303
        assert read(client.get(again.headers["Location"])).one("h1").text == page.one("h1").text
        assert wanted() == (True, True)

    def test_what_is_still_to_come_is_planned_again(self, client, person, path, session, now):
        client.post(path(person, REMINDERS))
        assert session.scalars(select(Place.plan_at)).all() == [None]
        client.post(path(person, REMINDERS) + "/again")
        session.rollback()
        assert session.scalars(select(Place.plan_at)).all() == [now]


class TestTokens:
    @BOTH
    def test_a_token_of_another_purpose_opens_nothing(self, purpose, *, client, person, path, wanted):
        for address in [path(person, purpose, by=by) for by in Purpose if by is not purpose]:
            answers = [client.get(address), client.post(address, data=ONE_CLICK), client.post(f"{address}/again")]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert wanted() == (True, True)

    @BOTH
    @pytest.mark.parametrize("by", [Purpose.MANAGE, Purpose.JOIN])
    def test_it_opens_nothing_else(self, by, purpose, client, person, settings):
        token = links.token(settings.link_key, purpose, person.public_id)
        door = {Purpose.MANAGE: "manage", Purpose.JOIN: "j"}[by]
        assert client.get(f"/{door}/{token}").status_code == 404

    def test_no_guess_opens_anything(self, client):
        for guess in ("", "0", "test", "a" * 16, "a" * 16 + "." + "b" * 26, "..", "%00", "%ff", "é" * 9):
            for method in ("GET", "POST"):
                answer = client.open(f"/unsubscribe/reminders/{guess}", method=method)
                assert answer.status_code in {400, 404}, guess

    def test_no_other_letters_can_be_named(self, client, person, path):
        assert client.post(path(person, REMINDERS).replace("reminders", "confirmations")).status_code == 404

    @BOTH
    def test_a_raised_generation_revokes_it(self, purpose, client, person, path, wanted):
        address = path(person, purpose)
        with transaction() as session:
            session.get_one(Registration, person.id).link_generation = 2
        assert (client.post(address).status_code, wanted()) == (404, (True, True))


class TestManagePage:
    def test_both_can_be_switched(self, client, person, manage, wanted):
        for button, after in (
            ("End the reminders", (False, True)),
            ("End the letters after events", (False, False)),
            ("Send me reminders", (True, False)),
            ("Send me letters after events", (True, True)),
        ):
            section = read(client.get(manage(person))).one("section", aria_labelledby="wishes")
            (form,) = [form for form in section.all("form") if form.one("button").text == button]
            answer = client.post(form["action"], data=values(form))
            assert (answer.status_code, wanted()) == (303, after)
            assert read(client.get(answer.headers["Location"])).one("p", role="status").text

    def test_it_offers_what_there_is(self, client, make, manage):
        silent = make.registration(make.event(reminders=[]))
        assert read(client.get(manage(silent))).all("section", aria_labelledby="wishes") == []

    def test_it_says_where_letters_come_back(self, client, person, manage, settings, now):
        organization_id = person.event.organization_id
        with transaction() as session:
            suppress(session, organization_id, "person1@example.com", Suppression.BOUNCED, now=now, settings=settings)
        section = read(client.get(manage(person))).one("section", aria_labelledby="wishes")
        assert section.all("p")[0].text.startswith("Our letters to your e-mail address came back.")

    @pytest.mark.parametrize("purpose", [REMINDERS, FOLLOW_UPS])
    def test_who_asks_again_takes_a_complaint_back_but_for_the_other_letters(
        self, purpose, *, client, person, manage, settings, now, wanted
    ):
        organization_id = person.event.organization_id
        address = manage(person, f"/{KINDS[purpose]}")
        with transaction() as session:
            suppress(
                session, organization_id, "person1@example.com", Suppression.COMPLAINED, now=now, settings=settings
            )
        assert wanted() == (False, False)
        client.post(address, data={"want": "yes"})
        assert wanted() == (purpose is REMINDERS, purpose is FOLLOW_UPS)


class TestOwnData:
    def test_both_are_among_ones_data(self, client, person, manage, path, now):
        client.post(path(person, REMINDERS))
        client.post(path(person, FOLLOW_UPS))
        facts = [fact.text for fact in read(client.get(manage(person, "/data"))).all("dt")]
        assert {"Reminders ended on", "Letters after events ended on"} <= set(facts)
        everything = json.loads(client.get(manage(person, "/data.json")).text)
        assert everything["registration"]["reminders_ended_at"] == now.isoformat()
        assert everything["not_written_to"] == [
            {"because": "unsubscribed", "since": now.isoformat(), "the_mail_server_said": ""}
        ]

    def test_every_kind_and_state_of_a_letter_has_a_name(self, client, person, manage, now):
        kinds = [kind for kind in LetterKind if kind not in STAFF_LETTERS | ACCOUNT_LETTERS]
        states = [state for state in MessageState if state is not MessageState.SENDING]
        with transaction() as session:
            for number, (kind, state) in enumerate(product(kinds, states)):
                named = {name: str(number) for name in ("public_id", "message_id", "dedupe_key")}
                when = {"due_at": now, "created_at": now}
                session.add(
                    Message(registration_id=person.id, kind=kind, state=state, language_tag="en", **named, **when)
                )
        said = read(client.get(manage(person, "/data"))).one("section", aria_labelledby="letters").all("li")
        assert len(said) == len(kinds) * len(states)
        assert said[kinds.index(LetterKind.REMINDER) * len(states)].one("strong").text == "Reminder"

    def test_erasure_leaves_the_hash_and_nothing_of_the_person(self, *, client, person, path, session, settings, now):
        organization_id, registration_id = person.event.organization_id, person.id
        client.post(path(person, FOLLOW_UPS))
        with transaction() as writing:
            erase(writing, registration_id, now=now, settings=settings)
        assert suppression_of(session, organization_id, "person1@example.com", settings) == {Suppression.UNSUBSCRIBED}
        assert client.post(path(person, FOLLOW_UPS)).status_code == 404
