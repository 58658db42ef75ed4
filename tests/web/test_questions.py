"""An event's questions on its page: those asked only sometimes, options that are full, and what is said beside one."""

import json

import pytest
from sqlalchemy import select, update

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import PlaceState, QuestionType
from eventsapp.models import Answer, Question, Registration
from eventsapp.queries.registrations import answers_of, question_specs
from eventsapp.web.questions import answered
from tests.factory import IN_SPANISH
from tests.web.html import Element, read, values

FORM = "/events/forum/registrations"
FILLED = {"name": "Zoë Muñoz", "email": "zoe@example.org", "time_zone": "America/Mexico_City"}
DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "required": True,
    "label": {"en": "Diet", "es": "Dieta"},
    "options": [
        {"id": "vegan", "label": {"en": "Vegan", "es": "Vegana"}, "limit": 2},
        {"id": "all", "label": {"en": "Everything", "es": "De todo"}, "limit": 20},
        {"id": "else", "label": {"en": "Other", "es": "Otra"}, "other": True, "limit": 1},
    ],
}
NUTS = {"chosen": ["else"], "said": "no nuts"}


def only_if(**conditions: list[str]) -> dict[str, object]:
    return {"only_if": [{"question": key, "is": list(values)} for key, values in conditions.items()]}


ALLERGY = {"key": "allergy", "required": True, "label": {"en": "Allergy"}} | only_if(diet=["else"])


@pytest.fixture
def forum(make):
    def forum(*questions):
        return make.event(questions=questions, occurrences=[IN_SPANISH])

    return forum


def form_of(answer) -> Element:
    return read(answer).one("section", id="register").one("form", method="post")


def mistakes(answer) -> list[tuple[str, str]]:
    return [(a["href"], a.text) for a in read(answer).one("div", class_="problem").all("a")]


def stored(session) -> dict[str, object]:
    session.rollback()
    return answers_of(session.scalars(select(Registration)).one())


def fill(option: str, event, make, times: int = 1) -> None:
    for _ in range(times):
        make.registration(event, answers={"diet": NUTS if option == "else" else option})


# Asked only sometimes


def test_a_question_asked_only_sometimes_says_when(client, forum):
    forum(DIET, ALLERGY)
    form = form_of(client.get("/events/forum"))
    assert form.one("p", id="q-allergy:if").text == "Only if you chose “Other” for “Diet”."
    assert form.one("input", name="q-allergy")["aria-describedby"] == "q-allergy:if"
    part = next(part for part in form.all("fieldset", role="none") if part.all("input", name="q-allergy"))
    assert json.loads(part["data-if"]) == [["q-diet", ["else"]]]
    assert "hidden" not in part.attrs
    assert "disabled" not in part.attrs


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ({"diet": ["else", "vegan", "gone"]}, "Only if you chose “Vegan” or “Other” for “Diet”."),
        ({"diet": ["vegan", "all", "else"]}, "Only if you chose “Vegan”, “Everything”, or “Other” for “Diet”."),
        ({"first": ["no"]}, "Only if you answered “No” to “First time?”."),
        ({"agree": ["yes"]}, "Only if you ticked “I agree”."),
        ({"land": ["MX"]}, "Only if you chose “Mexico” for “Country”."),
        (
            {"diet": ["all"], "first": ["yes"]},
            "Only if you chose “Everything” for “Diet”. Only if you answered “Yes” to “First time?”.",
        ),
    ],
)
def test_the_condition_in_words(client, forum, conditions, sentence):
    forum(
        DIET,
        {"key": "first", "type": QuestionType.YES_NO, "label": {"en": "First time?"}},
        {"key": "agree", "type": QuestionType.CONSENT, "label": {"en": "I agree"}},
        {"key": "land", "type": QuestionType.COUNTRY, "label": {"en": "Country"}},
        {"key": "after"} | only_if(**conditions),
    )
    assert form_of(client.get("/events/forum")).one("p", id="q-after:if").text == sentence


@pytest.mark.parametrize("kind", QuestionType)
def test_every_kind_of_question_can_be_asked_only_sometimes(client, forum, session, kind):
    options = {"options": DIET["options"]} if "choice" in kind.value else {}
    forum(DIET, {"key": "more", "type": kind, "required": True} | options | only_if(diet=["vegan"]))
    form = form_of(client.get("/events/forum"))
    part = next(part for part in form.all("fieldset", role="none") if part.all("p", id="q-more:if"))
    assert json.loads(part["data-if"]) == [["q-diet", ["vegan"]]]
    answer = client.post(FORM, data=FILLED | {"q-diet": "vegan"})
    assert [target for target, _ in mistakes(answer)] == ["#q-more"]
    assert client.post(FORM, data=FILLED | {"q-diet": "all", "q-more": "¡no!"}).status_code == 303
    assert stored(session) == {"diet": "all"}


def test_what_was_typed_where_nothing_was_asked_is_kept_until_the_form_is_right(client, forum, session):
    forum(DIET, ALLERGY)
    answer = client.post(FORM, data=FILLED | {"name": "", "q-diet": "all", "q-allergy": "nuts"})
    assert mistakes(answer) == [("#name", "Enter your name.")]
    assert values(form_of(answer))["q-allergy"] == ["nuts"]
    assert client.post(FORM, data=FILLED | {"q-diet": "all", "q-allergy": "nuts"}).status_code == 303
    assert stored(session) == {"diet": "all"}


def test_a_condition_nobody_can_meet_asks_nothing(client, forum, session):
    forum(DIET, {"key": "ghost", "required": True} | only_if(nothing=["yes"]))
    assert client.get("/events/forum").status_code == 200
    assert client.post(FORM, data=FILLED | {"q-diet": "all", "q-ghost": "x", "q-nothing": "yes"}).status_code == 303
    assert stored(session) == {"diet": "all"}


def test_hostile_ids_stay_data(client, forum):
    wild = "a'b\"><script>alert(1)</script>&amp;"
    forum(
        {"key": "q", "type": QuestionType.SINGLE_CHOICE, "options": [{"id": wild, "label": {"en": wild}}]},
        {"key": "after"} | only_if(q=[wild]),
    )
    form = form_of(client.get("/events/forum"))
    part = next(part for part in form.all("fieldset", role="none") if part.all("input", name="q-after"))
    assert json.loads(part["data-if"]) == [["q-q", [wild]]]
    assert form.all("script") == []


# Options with a limit


def test_full_options_cannot_be_chosen_and_few_places_are_named(client, forum, make):
    event = forum(DIET)
    fill("else", event, make)
    fill("vegan", event, make)
    form = form_of(client.get("/events/forum"))
    inputs = {field["value"]: field for field in form.all("input", name="q-diet")}
    assert {value: "disabled" in field.attrs for value, field in inputs.items()} == {
        "vegan": False,
        "all": False,
        "else": True,
    }
    labels = {value: form.one("label", for_=field["id"]).text for value, field in inputs.items()}
    assert labels == {"vegan": "Vegan 1 place left", "all": "Everything", "else": "Other No places left"}
    details = form.one("input", name="q-diet:other")
    part = next(part for part in form.all("fieldset", role="none") if details in list(part.walk()))
    assert "disabled" in part.attrs


@pytest.mark.parametrize(("taken", "words"), [(14, "Everything"), (15, "Everything 5 places left")])
def test_places_are_named_from_five_down(client, forum, make, taken, words):
    event = forum(DIET)
    fill("all", event, make, taken)
    form = form_of(client.get("/events/forum"))
    field = form.one("input", name="q-diet", value="all")
    assert form.one("label", for_=field["id"]).text == words


def test_a_place_left_is_said_in_our_words_beside_the_organizers(client, forum, make):
    event = forum({**DIET, "options": [{"id": "vegan", "label": {"es": "Vegana"}, "limit": 1}]})
    form = form_of(client.get("/en/events/forum"))
    label = form.one("label", for_="q-diet")
    assert label.get("lang") is None
    assert label.one("span", lang="es").text == "Vegana"
    assert label.one("span", class_="badge").get("lang") is None
    assert event.slug


def test_a_mistake_leads_to_an_option_that_can_be_chosen(client, forum, make):
    event = forum(DIET)
    fill("vegan", event, make, 2)
    answer = client.post(FORM, data=FILLED)
    assert mistakes(answer) == [("#q-diet", "Choose an option for “Diet”.")]
    assert read(answer).one(id="q-diet")["value"] == "all"


def test_an_option_that_filled_up_meanwhile_is_refused_and_shown_as_full(client, forum, make, session):
    event = forum(DIET, {"key": "why"})
    page = form_of(client.get("/events/forum"))
    assert "disabled" not in page.one("input", name="q-diet", value="else").attrs
    fill("else", event, make)
    sent = FILLED | {"q-diet": "else", "q-diet:other": "no nuts", "q-why": " because "}
    answer = client.post(FORM, data=sent)
    assert answer.status_code == 409
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert mistakes(answer) == [("#q-diet", "No places are left for “Other”. Choose another option for “Diet”.")]
    form = form_of(answer)
    full = form.one("input", name="q-diet", value="else")
    assert "disabled" in full.attrs
    assert "checked" not in full.attrs
    kept = values(form)
    assert [kept[name] for name in ("name", "email", "q-why", "q-diet:other")] == [
        ["Zoë Muñoz"],
        ["zoe@example.org"],
        [" because "],
        ["no nuts"],
    ]
    session.rollback()
    assert len(session.scalars(select(Registration)).all()) == 1


def test_a_full_option_is_refused_in_the_pages_language(client, forum, make):
    event = forum(DIET)
    fill("vegan", event, make, 2)
    answer = client.post(f"/en{FORM}", data=FILLED | {"q-diet": "vegan", "language": "es"})
    assert mistakes(answer) == [("#q-diet", "No places are left for “Vegan”. Choose another option for “Diet”.")]


def test_a_full_option_tells_nobody_whether_an_address_is_known(client, forum, make):
    event = forum(DIET)
    make.registration(event, email="known@example.org", answers={"diet": NUTS})
    shown = []
    for email in ("known@example.org", "novel@example.org"):
        answer = client.post(FORM, data=FILLED | {"email": email, "q-diet": "else", "q-diet:other": "x"})
        shown.append((answer.status_code, answer.text.replace(email, "EMAIL")))
    assert shown[0] == shown[1]
    assert shown[0][0] == 409


def test_where_every_option_is_full_the_form_says_so(client, forum, make, session):
    event = forum({**DIET, "options": DIET["options"][:1]})
    fill("vegan", event, make, 2)
    answer = client.post(FORM, data=FILLED)
    assert answer.status_code == 422
    sentence = "No option of “Diet” has places left, so this form cannot be sent. Write to the organizer."
    assert mistakes(answer) == [("#q-diet", sentence)]
    group = read(answer).one(id="q-diet")
    assert (group.tag, group["tabindex"]) == ("fieldset", "-1")
    with_choice = client.post(FORM, data=FILLED | {"q-diet": "vegan"})
    assert with_choice.status_code == 409


def test_a_question_whose_options_are_all_full_can_be_left_out_where_it_may(client, forum, make, session):
    event = forum({**DIET, "required": False, "options": DIET["options"][:1]})
    fill("vegan", event, make, 2)
    assert client.post(FORM, data=FILLED).status_code == 303


# Other, please say


def test_details_have_a_field_of_their_own(client, forum, session):
    forum(DIET)
    form = form_of(client.get("/events/forum"))
    details = form.one("input", name="q-diet:other")
    assert form.one("label", for_=details["id"]).text == "Give details for “Other”"
    part = next(part for part in form.all("fieldset", role="none") if details in list(part.walk()))
    assert json.loads(part["data-if"]) == [["q-diet", ["else"]]]
    assert client.post(FORM, data=FILLED | {"q-diet": "else", "q-diet:other": " no nuts "}).status_code == 303
    assert stored(session) == {"diet": NUTS}


def test_other_without_details_is_a_mistake_beside_the_details(client, forum):
    forum(DIET)
    answer = client.post(FORM, data=FILLED | {"q-diet": "else", "q-diet:other": " "})
    sentence = "Give details for “Other”, or choose another option for “Diet”."
    assert (answer.status_code, mistakes(answer)) == (422, [("#q-diet:other", sentence)])
    field = read(answer).one(id="q-diet:other")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "q-diet:other:error")
    chosen = read(answer).one("input", name="q-diet", value="else")
    assert "checked" in chosen.attrs
    assert "aria-invalid" not in chosen.attrs


def test_details_that_were_typed_come_back(client, forum):
    forum(DIET)
    long = "x" * 201
    answer = client.post(FORM, data=FILLED | {"name": "", "q-diet": "else", "q-diet:other": long})
    assert [target for target, _ in mistakes(answer)] == ["#name", "#q-diet:other"]
    kept = values(form_of(answer))
    assert (kept["q-diet"], kept["q-diet:other"]) == (["else"], [long])


def test_a_questions_key_may_end_in_dots_and_words(client, forum, session):
    forum(DIET, {"key": "diet.other", "label": {"en": "More"}})
    sent = FILLED | {"q-diet": "else", "q-diet:other": "no nuts", "q-diet.other": "more"}
    assert client.post(FORM, data=sent).status_code == 303
    assert stored(session) == {"diet": NUTS, "diet.other": "more"}


# Stored answers back in a form


def test_stored_answers_are_a_forms_data(make):
    days = {**DIET, "key": "days", "type": QuestionType.SEVERAL_CHOICES}
    event = make.event(questions=[DIET, days, {"key": "n", "type": QuestionType.NUMBER}, {"key": "why"}])
    mine = make.registration(event, answers={"diet": NUTS, "days": ["vegan", "all"], "n": 1.5})
    assert answered(question_specs(event), answers_of(mine)) == {
        "q-diet": ["else"],
        "q-diet:other": ["no nuts"],
        "q-days": ["vegan", "all"],
        "q-n": ["1.5"],
    }


def test_an_event_may_get_conditions_after_people_answered(client, forum, make, session):
    event = forum(DIET, {"key": "why"})
    make.registration(event, places={"spanish": PlaceState.CONFIRMED}, answers={"diet": "all", "why": "so"})
    with transaction() as writing:
        writing.execute(update(Question).where(Question.key == "why").values(**only_if(diet=["vegan"])))
    assert client.get("/events/forum").status_code == 200
    assert {answer.value for answer in session.scalars(select(Answer))} == {"all", "so"}
