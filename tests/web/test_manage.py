"""The manage link: what its owner sees and changes, and that nobody else gets anywhere by it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from eventsapp.db import transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import Approval, Choose, LetterKind, PlaceState, Purpose, QuestionType
from eventsapp.models import Answer, Message, Place, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.web.html import read, values

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
CANCELLED, DECLINED = PlaceState.CANCELLED, PlaceState.DECLINED
BOTH = {"english": CONFIRMED, "spanish": CONFIRMED}
ROOM = ("82314567890", "823 1456 7890", "428571", "zoom.us")
SUBPAGES = ("details", "language", "dates", "cancel")
LIMITED = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "label": {"en": "What do you eat?", "es": "¿Qué come?"},
    "options": [
        {"id": "meat", "label": {"en": "Meat", "es": "Carne"}, "limit": 1},
        {"id": "none", "label": {"en": "Vegetables", "es": "Verdura"}},
    ],
}


@pytest.fixture
def path(settings):
    """``path(registration)`` is where its manage link leads, in English where nothing else is said."""

    def path(registration, page="", *, tag="en", purpose=Purpose.MANAGE, generation=None):
        generation = registration.link_generation if generation is None else generation
        said = links.token(settings.link_key, purpose, registration.public_id, generation)
        return f"{'/' if tag else ''}{tag}/manage/{said}{'/' if page else ''}{page}"

    return path


@pytest.fixture
def states(session):
    def states(registration_id=None):
        session.rollback()
        places = session.scalars(select(Place).order_by(Place.id))
        return {
            place.occurrence.key: place.state for place in places if registration_id in (None, place.registration_id)
        }

    return states


@pytest.fixture
def letters(session):
    def letters():
        session.rollback()
        return [message.kind for message in session.scalars(select(Message).order_by(Message.id))]

    return letters


def rows(page) -> dict[str, str]:
    """The summary of one's details: label to value."""
    return {row.one("dt").text: row.all("dd")[0].text for row in page.one("dl", class_="rows").all("div")}


def badges(page) -> list[str]:
    return [badge.text for badge in page.one("article").all("span", class_="badge")]


def doing(page) -> list[str]:
    found = page.all("section", aria_labelledby="doing")
    return [link.text for link in found[0].all("a")] if found else []


def after(client, answer):
    """The hub that a POST led to, and the word it says was done."""
    assert answer.status_code == 303, answer.text
    page = read(client.get(answer.headers["Location"]))
    return page, re.search(r"done=(\w+)", answer.headers["Location"])[1]


def without_address(answer) -> str:
    """A page but for its own address, which the languages' links name."""
    return re.sub(r"/manage/[^\"]*", "/manage/…", answer.text)


class TestHub:
    def test_it_shows_all_that_one_holds(self, client, make, path):
        event = make.event(choose=Choose.ANY, questions=[LIMITED])
        registration = make.registration(
            event, places={"english": WAITLISTED, "spanish": CONFIRMED}, answers={"diet": "none"}
        )
        answer = client.get(path(registration))
        page = read(answer)
        assert (answer.status_code, page.one("html")["lang"], page.one("h1").text) == (200, "en", "You are registered")
        assert badges(page) == ["English", "On the waiting list", "Español", "Place confirmed"]
        assert [time.text for time in page.one("article").all("time")][2:] == [
            "Sunday 28 June 2026, 6:00 pm – 7:00 pm, Central Time (Mexico City, UTC−6)",
            "Sunday 28 June 2026, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)",
        ]
        assert rows(page) == {
            "Name": "Zoë Muñoz",
            "E-mail address": "person1@example.com",
            "What do you eat?": "Vegetables",
            "Language of our letters": "Español",
            "Time zone": "Mexico City",
        }
        assert page.one("dd", class_="code").text == registration.reference
        assert doing(page) == ["Cancel your registration"]
        assert [secret for secret in ROOM if secret in answer.text] == []

    def test_it_opens_in_the_language_of_the_letters(self, client, make, path):
        registration = make.registration(make.event())
        assert read(client.get(path(registration, tag=""))).one("html")["lang"] == "es"
        headers = {"Accept-Language": "en"}
        assert read(client.get(path(registration, tag=""), headers=headers)).one("html")["lang"] == "es"
        assert read(client.get(path(registration, tag="en"))).one("html")["lang"] == "en"

    def test_it_is_for_one_pair_of_eyes(self, client, make, path):
        registration = make.registration(make.event())
        for page in ("", *SUBPAGES):
            answer = client.get(path(registration, page))
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert "Set-Cookie" not in answer.headers

    def test_looking_changes_nothing(self, client, make, path, session, letters):
        registration = make.registration(make.event(choose=Choose.ANY), places=BOTH)
        changed_at = registration.changed_at
        for page in ("", *SUBPAGES, "letters", "cancel?date=spanish", "dates?occurrences=english&sure=yes"):
            for method in (client.get, client.head):
                assert method(path(registration, page)).status_code in (200, 303)
        session.rollback()
        assert registration.changed_at == changed_at
        assert {place.state for place in registration.places} == {CONFIRMED}
        assert letters() == []

    @pytest.mark.parametrize(
        ("state", "said"),
        [
            (CONFIRMED, ("You are registered", ["Choose another date", "Cancel your registration"])),
            (WAITLISTED, ("You are on the waiting list", ["Choose another date", "Cancel your registration"])),
            (
                PENDING,
                ("Your application waits for the organizer", ["Choose another date", "Cancel your registration"]),
            ),
            (PlaceState.UNVERIFIED, ("Confirm your e-mail address first", ["Cancel your registration"])),
            (CANCELLED, ("You have no place at the moment", [])),
            (DECLINED, ("The organizer could not give you a place", [])),
        ],
    )
    def test_each_state_says_what_it_is_and_what_one_can_do(self, client, make, path, state, said):
        registration = make.registration(make.event(), places={"spanish": state})
        answer = client.get(path(registration))
        page = read(answer)
        assert (page.one("h1").text, doing(page)) == said
        assert ("/j/" in answer.text) is (state is CONFIRMED)
        assert [secret for secret in ROOM if secret in answer.text] == []
        again = [form for form in page.all("form") if form["action"].endswith("/letters")]
        assert bool(again) is (state in (CONFIRMED, WAITLISTED, PENDING))

    @pytest.mark.parametrize("what", ["event", "date", "over"])
    def test_afterwards_one_can_only_look(self, client, make, path, now, what):
        event = make.event(
            occurrences=[IN_SPANISH], **({"cancelled_at": now} if what == "event" else {}), questions=[LIMITED]
        )
        registration = make.registration(event, answers={"diet": "none"})
        if what == "date":
            with transaction():
                event.occurrences[0].cancelled_at = now
        at = datetime(2026, 6, 29, 1, tzinfo=UTC) if what == "over" else now
        with time_machine.travel(at, tick=False):
            page = read(client.get(path(registration)))
            assert page.one("h1").text == ("This event is over" if what == "over" else "This event is cancelled")
            assert page.all("form") == []
            assert doing(page) == []
            assert [link.text for link in page.one("section", aria_labelledby="details").all("a")] == []
            links_of_data = [link["href"] for link in page.one("section", aria_labelledby="data").all("a")]
            assert [href.rsplit("/", 1)[1] for href in links_of_data] == ["data", "erase"]
            assert "/j/" not in str(client.get(path(registration)).text)
            for sub in SUBPAGES:
                assert client.get(path(registration, sub)).status_code == 303
            for sub, form in (
                ("details", {"name": "Ana"}),
                ("language", {"language": "en"}),
                ("dates", {"occurrences": "spanish"}),
                ("cancel", {}),
                ("letters", {}),
            ):
                assert client.post(path(registration, sub), data=form).status_code == 409, sub

    def test_no_word_of_the_address_gets_onto_the_page(self, client, make, path):
        registration = make.registration(make.event())
        for word in ("<b>hello", "nothing", "heading"):
            page = read(client.get(path(registration), query_string={"done": word}))
            assert page.all(role="status") == []
            assert word not in page.text

    def test_the_join_page_and_the_web_calendars_open_from_it(self, client, make, path):
        registration = make.registration(make.event())
        page = read(client.get(path(registration)))
        button = page.one("a", class_="button")
        assert client.get(button["href"]).status_code == 200
        for link in page.one("article").one("details").all("a"):
            assert client.get(link["href"]).status_code == 303


class TestStrangers:
    """Whoever has not exactly this link finds what was never there."""

    @pytest.fixture
    def doors(self, app, client, settings):
        app.extensions["settings"] = replace(settings, limit_per_network=0)

        def doors(url):
            """All answers that one gets with this link, whatever one tries."""
            gets = [client.get(url), *(client.get(f"{url}/{sub}") for sub in SUBPAGES)]
            posts = [client.post(f"{url}/{sub}") for sub in (*SUBPAGES, "letters", "reminders", "follow-ups")]
            return [(answer.status_code, without_address(answer)) for answer in (*gets, *posts)]

        return doors

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # many requests, and none of them reaches a row
    def test_all_wrong_links_are_the_same_nothing(self, client, make, path, doors, letters):
        registration = make.registration(make.event())
        right = path(registration)
        nothing = client.get("/en/manage/nothing")
        assert nothing.status_code == 404
        wrong = [
            *(path(registration, purpose=purpose) for purpose in Purpose if purpose is not Purpose.MANAGE),
            path(registration, generation=2),
            path(registration, generation=0),
            f"{right[:-1]}{'a' if right[-1] != 'a' else 'b'}",
            right[:-1],
            right[:-10] + right[-10:].upper(),
            f"{right}a",
            "/en/manage/" + links.token("another key", Purpose.MANAGE, registration.public_id),
        ]
        for url in wrong:
            assert set(doors(url)) == {(404, without_address(nothing))}, url
        assert (letters(), registration.name) == ([], "Zoë Muñoz")

    def test_a_revoked_link_and_an_erased_person_are_nothing(self, client, make, path, doors, now):
        registration = make.registration(make.event())
        url = path(registration)
        with transaction():
            registration.link_generation += 1
        assert {status for status, _text in doors(url)} == {404}
        url = path(registration)
        assert client.get(url).status_code == 200
        with transaction():
            registration.erased_at = now
        assert {status for status, _text in doors(url)} == {404}

    def test_one_link_is_good_for_one_registration(self, client, make, path, session):
        event = make.event(choose=Choose.ANY)
        mine, other = make.registration(event, places=BOTH), make.registration(event, places=BOTH)
        client.post(path(mine, "details"), data={"name": "Ana", "id": other.id, "email": "x@example.org"})
        client.post(path(mine, "cancel"), data={"registration_id": other.id})
        session.rollback()
        assert (mine.name, other.name, mine.email) == ("Ana", "Zoë Muñoz", "person1@example.com")
        assert {place.state for place in other.places} == {CONFIRMED}
        assert {place.state for place in mine.places} == {CANCELLED}

    def test_a_browser_that_says_nothing_of_its_origin_may_post_here(self, client, make, path):
        url = path(make.registration(make.event()), "details")
        for headers, status in (
            ({"Origin": "null"}, 303),
            ({"Origin": "https://events.example.org"}, 303),
            ({"Origin": "https://evil.example"}, 403),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ):
            assert client.post(url, data={"name": "Ana"}, headers=headers).status_code == status, headers


class TestDetails:
    def test_name_and_answers_are_put_right(self, client, make, path, session):
        event = make.event(questions=[LIMITED, {"key": "wish"}])
        registration = make.registration(event, answers={"diet": "none", "wish": "Tea"})
        page = read(client.get(path(registration, "details")))
        form = page.one("form")
        assert values(form) == {"name": ["Zoë Muñoz"], "q-diet": ["none"], "q-wish": ["Tea"]}
        answer = client.post(form["action"], data=values(form) | {"name": ["Zoe"], "q-diet": ["meat"]})
        page, done = after(client, answer)
        assert (done, page.one(role="status").text) == ("details", "Your details are saved.")
        assert rows(page)["What do you eat?"] == "Meat"
        session.rollback()
        found = session.scalars(select(Answer)).all()
        assert {one.question.key: one.value for one in found} == {"diet": "meat", "wish": "Tea"}
        assert registration.name == "Zoe"

    def test_a_mistake_keeps_what_was_typed(self, client, make, path, session):
        registration = make.registration(make.event(questions=[{"key": "wish", "required": True}]))
        answer = client.post(path(registration, "details"), data={"name": "www.evil.example", "q-wish": " "})
        assert answer.status_code == 422
        page = read(answer)
        assert [link["href"] for link in page.one("div", class_="problem").all("a")] == ["#name", "#q-wish"]
        assert page.one("title").text.startswith("Error: ")
        assert values(page.one("form"))["name"] == ["www.evil.example"]
        assert client.post(path(registration, "details"), data={}).status_code == 422
        session.rollback()
        assert registration.name == "Zoë Muñoz"

    def test_the_last_place_of_an_option_is_not_taken_twice(self, client, make, path, session):
        event = make.event(questions=[LIMITED])
        mine, other = make.registration(event), make.registration(event)
        for registration in (other, other):  # the own choice stays open to oneself
            form = {"name": "Ana", "q-diet": "meat"}
            assert client.post(path(registration, "details"), data=form).status_code == 303
        page = read(client.get(path(mine, "details")))
        assert "disabled" in page.one("input", value="meat").attrs
        answer = client.post(path(mine, "details"), data={"name": "Eva", "q-diet": "meat"})
        assert answer.status_code == 409
        assert read(answer).one("div", class_="problem").one("a")["href"] == "#q-diet"
        session.rollback()
        assert mine.name == "Zoë Muñoz"


class TestLanguage:
    def test_letters_change_their_language_and_zone(self, client, make, path, session):
        registration = make.registration(make.event())
        form = read(client.get(path(registration, "language", tag="es"))).one("form")
        assert values(form) == {"language": ["es"], "time_zone": ["Ciudad de México"]}
        answer = client.post(form["action"], data={"language": "en", "time_zone": "Madrid"})
        assert not answer.headers["Location"].startswith(("/es/", "/en/"))
        page, done = after(client, answer)
        assert (done, page.one("html")["lang"]) == ("language", "en")  # in the language just chosen
        session.rollback()
        assert (registration.language_tag, registration.tzid) == ("en", "Europe/Madrid")

    def test_only_what_is_offered_and_known(self, client, make, path, session):
        registration = make.registration(make.event())
        answer = client.post(path(registration, "language"), data={"language": "es", "time_zone": "Nowhere"})
        assert answer.status_code == 422
        assert read(answer).one("div", class_="problem").one("a")["href"] == "#time_zone"
        answer = client.post(path(registration, "language"), data={"language": "xx", "time_zone": ""})
        assert answer.status_code == 303
        session.rollback()
        assert (registration.language_tag, registration.tzid) == ("es", "America/Mexico_City")

    def test_a_regional_language_survives_being_shown_as_its_parent(self, client, make, path, session):
        registration = make.registration(make.event(), language_tag="es-MX")
        form = read(client.get(path(registration, "language"))).one("form")
        assert values(form)["language"] == ["es"]
        client.post(form["action"], data=values(form))
        session.rollback()
        assert registration.language_tag == "es-MX"


class TestDates:
    def test_another_date_takes_the_place_of_the_old_one(self, client, make, path, states, letters):
        registration = make.registration(make.event())
        form = read(client.get(path(registration, "dates"))).one("form")
        assert values(form) == {"occurrences": ["spanish"]}
        assert [field["type"] for field in form.all("input")] == ["radio", "radio"]
        page, done = after(client, client.post(form["action"], data={"occurrences": "english"}))
        assert done == "dates"
        assert badges(page) == ["English", "Place confirmed", "Español", "Your place is cancelled"]
        assert states() == {"english": CONFIRMED, "spanish": CANCELLED}
        assert letters() == [LetterKind.CANCELLED, LetterKind.CONFIRMATION]

    def test_choosing_the_same_changes_nothing(self, client, make, path, states, letters):
        registration = make.registration(make.event())
        page, done = after(client, client.post(path(registration, "dates"), data={"occurrences": "spanish"}))
        assert (done, page.one(role="status").text.startswith("Nothing was changed")) == ("same", True)
        assert (states(), letters()) == ({"spanish": CONFIRMED}, [])

    def test_a_confirmed_place_is_given_up_for_a_waiting_list_only_by_a_second_yes(
        self, client, make, path, states, letters
    ):
        event = make.event(waitlist=True, occurrences=[{**IN_ENGLISH, "capacity": 1}, IN_SPANISH])
        make.registration(event, places={"english": CONFIRMED})
        mine = make.registration(event)
        answer = client.post(path(mine, "dates"), data={"occurrences": "english"})
        assert answer.status_code == 409
        page = read(answer)
        assert page.one("h1").text == "Give up your confirmed place?"
        assert (states(mine.id), letters()) == ({"spanish": CONFIRMED}, [])
        form = page.one("form")
        assert values(form) == {"occurrences": ["english"]}
        yes = form.one("button")
        answer = client.post(form["action"], data={**values(form), yes["name"]: yes["value"]})
        assert after(client, answer)[1] == "dates"
        assert states(mine.id) == {"english": WAITLISTED, "spanish": CANCELLED}
        assert letters() == [LetterKind.CANCELLED, LetterKind.WAITLISTED]

    def test_going_to_and_fro_ends_kindly(self, client, make, path, states):
        registration = make.registration(make.event())
        answers = [
            client.post(path(registration, "dates"), data={"occurrences": ("english", "spanish")[number % 2]})
            for number in range(20)
        ]
        last = answers[-1]
        assert (answers[0].status_code, last.status_code, last.headers["Retry-After"]) == (303, 429, "3600")
        assert "This form was sent too often" in last.text
        assert sorted(states().values()) == [CANCELLED, CONFIRMED]

    def test_what_is_full_is_refused_and_nothing_given_up(self, client, make, path, states, letters):
        event = make.event(occurrences=[{**IN_ENGLISH, "capacity": 1}, IN_SPANISH])
        make.registration(event, places={"english": CONFIRMED})
        mine = make.registration(event)
        page = read(client.get(path(mine, "dates")))
        assert page.all("form") == []
        assert "Full" in page.one("section", aria_labelledby="refused").text
        for sure in ({}, {"sure": "yes"}):
            answer = client.post(path(mine, "dates"), data={"occurrences": "english", **sure})
            assert answer.status_code == 409
            assert read(answer).all("div", class_="problem")
        assert (states(mine.id), letters()) == ({"spanish": CONFIRMED}, [])

    @pytest.mark.parametrize("key", ["elsewhere", "calendar", "", "english;spanish"])
    def test_dates_of_another_event_are_none(self, client, make, path, states, key):
        make.event("other", occurrences=[{**IN_ENGLISH, "key": "elsewhere"}])
        registration = make.registration(make.event())
        assert client.post(path(registration, "dates"), data={"occurrences": key}).status_code == 422
        assert states(registration.id) == {"spanish": CONFIRMED}

    def test_several_dates(self, client, make, path, states, letters):
        registration = make.registration(make.event(choose=Choose.ANY))
        both = {"occurrences": ["english", "spanish"]}
        after(client, client.post(path(registration, "dates"), data=both))
        assert (states(), letters()) == (BOTH, [LetterKind.CONFIRMATION, LetterKind.INVITE])
        answer = client.post(path(registration, "dates"), data={})
        assert answer.status_code == 422
        assert "cancel your registration instead" in read(answer).one("div", class_="problem").text
        after(client, client.post(path(registration, "dates"), data={"occurrences": "english"}))
        assert states() == {"english": CONFIRMED, "spanish": CANCELLED}

    def test_somebody_whose_place_is_cancelled_comes_back(self, client, make, path, states, letters):
        registration = make.registration(make.event(), places={"spanish": CANCELLED})
        page = read(client.get(path(registration)))
        assert page.one("a", class_="button").text == "Choose a date"
        assert client.post(path(registration, "dates"), data={}).status_code == 422
        page, done = after(client, client.post(path(registration, "dates"), data={"occurrences": "spanish"}))
        assert (done, page.one("h1").text) == ("back", "You are registered")
        assert (states(), letters()) == ({"spanish": CONFIRMED}, [LetterKind.CONFIRMATION])

    def test_who_comes_back_and_chose_what_is_full_by_now_has_to_answer_anew(self, client, make, path, states):
        event = make.event(questions=[LIMITED])
        mine, other = make.registration(event, places={"spanish": CANCELLED}), make.registration(event)
        with transaction() as session:
            session.add(Answer(registration_id=mine.id, question_id=event.questions[0].id, value="meat"))
        client.post(path(other, "details"), data={"name": "Ana", "q-diet": "meat"})
        answer = client.post(path(mine, "dates"), data={"occurrences": "spanish"})
        assert answer.status_code == 409
        page = read(answer)
        assert "No places are left for “Carne”" in page.one("div", class_="problem").text
        assert page.one("p", class_="note").one("a")["href"].endswith("/details#q-diet")
        assert states(mine.id) == {"spanish": CANCELLED}
        client.post(path(mine, "details"), data={"name": "Ana", "q-diet": "none"})
        after(client, client.post(path(mine, "dates"), data={"occurrences": "spanish"}))

    def test_who_was_declined_does_not_choose_that_date_again(self, client, make, path, states):
        event = make.event(approval=Approval.MANUAL)
        registration = make.registration(event, places={"spanish": DECLINED})
        keys = [field["value"] for field in read(client.get(path(registration, "dates"))).all("input")]
        assert keys == ["english"]
        assert client.post(path(registration, "dates"), data={"occurrences": "spanish"}).status_code == 409
        assert after(client, client.post(path(registration, "dates"), data={"occurrences": "english"}))[1] == "back"
        assert states() == {"english": PENDING, "spanish": DECLINED}

    def test_dates_that_belong_together(self, client, make, path, states, letters):
        registration = make.registration(make.event(choose=Choose.ALL), places=dict.fromkeys(BOTH, CANCELLED))
        form = read(client.get(path(registration, "dates"))).one("form")
        assert values(form) == {}
        page, done = after(client, client.post(form["action"]))
        assert (done, states()) == ("back", BOTH)
        assert letters() == [LetterKind.CONFIRMATION, LetterKind.INVITE, LetterKind.INVITE]
        assert doing(page) == ["Cancel your registration"]
        page = read(client.get(path(registration, "dates")))
        assert page.all("form") == []

    def test_a_closed_registration_gives_nothing_new(self, client, make, path, states, now):
        closes = {"closes_at": now, "closes_tzid": "Etc/UTC", "closes_local": now.replace(tzinfo=None)}
        registration = make.registration(make.event(**closes))
        assert client.post(path(registration, "dates"), data={"occurrences": "english"}).status_code == 409
        assert states() == {"spanish": CONFIRMED}
        assert after(client, client.post(path(registration, "cancel")))[1] == "cancelled"


class TestCancelling:
    def test_one_is_asked_first(self, client, make, path, states, letters):
        registration = make.registration(make.event())
        form = read(client.get(path(registration, "cancel"))).one("form")
        assert states() == {"spanish": CONFIRMED}
        page, done = after(client, client.post(form["action"], data=values(form)))
        assert (done, page.one("h1").text) == ("cancelled", "You have no place at the moment")
        assert (states(), letters()) == ({"spanish": CANCELLED}, [LetterKind.CANCELLED])

    def test_one_date_of_several(self, client, make, path, states, letters):
        registration = make.registration(make.event(choose=Choose.ANY), places=BOTH)
        page = read(client.get(path(registration)))
        links_to = [link["href"] for link in page.one("article").all("a") if "/cancel" in link["href"]]
        assert [href.rsplit("=", 1)[1] for href in links_to] == ["english", "spanish"]
        form = read(client.get(links_to[0])).one("form")
        assert values(form) == {"date": ["english"]}
        assert after(client, client.post(form["action"], data=values(form)))[1] == "place"
        assert states() == {"english": CANCELLED, "spanish": CONFIRMED}
        assert letters() == [LetterKind.CANCELLED]

    def test_sent_twice_it_says_the_same_and_writes_once(self, client, make, path, letters):
        registration = make.registration(make.event())
        for data in ({}, {}, {"date": "spanish"}):
            assert client.post(path(registration, "cancel"), data=data).status_code == 303
        assert letters() == [LetterKind.CANCELLED]

    def test_what_belongs_together_is_cancelled_together(self, client, make, path, states):
        registration = make.registration(make.event(choose=Choose.ALL), places=BOTH)
        assert client.get(path(registration, "cancel?date=english")).status_code == 303
        assert client.post(path(registration, "cancel"), data={"date": "english"}).status_code == 422
        assert states() == BOTH
        after(client, client.post(path(registration, "cancel")))
        assert set(states().values()) == {CANCELLED}

    def test_a_date_that_one_does_not_hold(self, client, make, path, states):
        registration = make.registration(make.event(choose=Choose.ANY))
        for key in ("english", "elsewhere"):
            assert client.get(path(registration, f"cancel?date={key}")).status_code == 303
            assert client.post(path(registration, "cancel"), data={"date": key}).status_code == 422
        assert states() == {"spanish": CONFIRMED}

    def test_who_waits_moves_up(self, client, make, path, states):
        event = make.event(waitlist=True, occurrences=[{**IN_SPANISH, "capacity": 1}])
        mine, other = make.registration(event), make.registration(event, places={"spanish": WAITLISTED})
        client.post(path(mine, "cancel"))
        assert states(other.id) == {"spanish": CONFIRMED}

    def test_what_is_called_off_or_over_stays_as_it_was(self, client, make, path, states, now):
        event = make.event(choose=Choose.ANY)
        registration = make.registration(event, places=BOTH)
        with transaction():
            event.occurrences[0].cancelled_at = now
        after(client, client.post(path(registration, "cancel")))
        assert states() == {"english": CONFIRMED, "spanish": CANCELLED}


class TestLettersAgain:
    def test_at_most_one_in_ten_minutes(self, client, make, path, letters, now):
        registration = make.registration(make.event())
        assert after(client, client.post(path(registration, "letters")))[1] == "letters"
        answer = client.post(path(registration, "letters"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")
        assert "less than 10 minutes ago" in read(answer).one(role="alert").text
        with time_machine.travel(now + timedelta(minutes=10), tick=False):
            assert after(client, client.post(path(registration, "letters")))[1] == "letters"
        assert letters() == [LetterKind.CONFIRMATION] * 2


class TestAsking:
    """The public form, by which anybody can ask: nothing that comes back tells who is registered."""

    FORM = "/en/events/forum/link"

    def ask(self, client, email):
        answer = client.post(self.FORM, data={"email": email})
        page = client.get(answer.headers["Location"])
        return answer, page

    def test_known_and_unknown_are_told_the_same(self, client, make, letters):
        event = make.event()
        make.registration(event, email="zoe@example.org")
        make.registration(event, email="zed@example.org", places={"spanish": PlaceState.UNVERIFIED})
        told = {self.ask(client, email) for email in ("zoe@example.org", "zed@example.org", "zip@example.org")}
        assert {answer.status_code for answer, _page in told} == {303}
        assert len({answer.headers["Location"] for answer, _page in told}) == 1
        assert len({page.text for _answer, page in told}) == 1
        names = [{name for name, _value in answer.headers} for answer, _page in told]
        assert names[0] == names[1] == names[2]
        page = read(next(iter(told))[1])
        assert page.one(role="status").text == (
            "If z…@example.org is registered for this event, we have just written to it."
        )
        assert letters() == [LetterKind.LINK, LetterKind.VERIFICATION]  # to verify comes first

    def test_looking_asks_nothing(self, client, make, letters):
        make.registration(make.event(), email="zoe@example.org")
        client.get(self.FORM, query_string={"email": "zoe@example.org"})
        assert letters() == []

    def test_nobody_puts_words_into_our_mouth(self, client, make):
        make.event()
        for sent in ("hello", "z…@example.org", "Inot.signed", "x" * 5000):
            page = read(client.get(self.FORM, query_string={"sent": sent}))
            assert page.one("h1").text == "Get your link again"

    def test_mistakes_and_floods(self, client, make, settings, letters):
        make.registration(make.event(), email="zoe@example.org")
        answer = client.post(self.FORM, data={"email": "zoe@"})
        assert (answer.status_code, values(read(answer).one("form"))) == (422, {"email": ["zoe@"]})
        for email in ("zoe@example.org", "zip@example.org"):
            for _ in range(settings.limit_per_address):
                assert client.post(self.FORM, data={"email": email}).status_code == 303
            answer = client.post(self.FORM, data={"email": email})
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
            assert read(answer).one("div", class_="problem").one("a")["href"] == "#email"
        assert letters() == [LetterKind.LINK]

    def test_a_draft_or_no_event_has_no_form(self, client, make):
        make.event(published_at=None)
        for slug in ("forum", "nothing", "a%20b"):
            assert client.get(f"/en/events/{slug}/link").status_code == 404
            assert client.post(f"/en/events/{slug}/link", data={"email": "a@example.org"}).status_code == 404

    def test_where_nobody_registers_there_is_nothing_to_send(self, client, make):
        make.event(occurrences=[{**IN_ENGLISH, "registration": "none"}])
        assert "/link" not in client.get("/en/events/forum").text

    def test_the_event_leads_there(self, client, make):
        make.event()
        page = read(client.get("/en/events/forum"))
        assert client.get(page.one("section", class_="register").all("p")[-1].one("a")["href"]).status_code == 200


def test_a_person_follows_the_link_of_a_letter(client, make, settings, now):
    """From the letter's own text to the changed row."""
    from eventsapp.queries.letters import letter_of  # noqa: PLC0415

    make.registration(make.event(), email="zoe@example.org")
    client.post("/en/events/forum/link", data={"email": "zoe@example.org"})
    with transaction() as session:
        letter = letter_of(session, session.scalars(select(Message)).one(), now=now, settings=settings)
    assert letter is not None
    path = letter.manage_url.removeprefix(settings.base_url)
    assert client.post(f"{path}/details", data={"name": "Ana"}).status_code == 303
    with transaction() as session:
        assert session.scalars(select(Registration.name)).all() == ["Ana"]
