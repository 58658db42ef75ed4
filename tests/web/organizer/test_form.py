"""The form builder, over HTTP: questions made, changed, ordered, made conditional, retired; answers stay."""

import re

import pytest
from sqlalchemy import select

from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import QuestionType, Role
from eventsapp.models import Answer, AuditEntry, Event, Question
from eventsapp.queries.record import record_of
from eventsapp.web.organizer.form.presets import PRESETS
from tests.statements import statements

DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "label": {"en": "Diet", "es": "Dieta"},
    "options": [
        {"id": "vegan", "label": {"en": "Vegan", "es": "Vegana"}, "limit": 2},
        {"id": "else", "label": {"en": "Other"}, "other": True},
    ],
}
WHY = {"key": "why", "only_if": [{"question": "diet", "is": ["else"]}]}
LAND = {"key": "land", "type": QuestionType.COUNTRY, "label": {"en": "Country"}}
FORM = "/o/example-league/events/forum/form"
NEW = "/o/example-league/events/forum/questions/new"


@pytest.fixture
def event(make):
    return make.event(questions=[LAND, DIET, WHY, {"key": "last"}])


@pytest.fixture
def owner(desk, make, event):
    return desk(make.member(event.organization))


def asked():
    db.session.expire_all()
    return {one.id: one for one in record_of(db.session.scalars(select(Event)).one()).questions}


def typed(page):
    """What the page's form holds, as a browser posts it."""
    text = page.text[page.text.index("data-kept") :]
    fields = {}
    for tag in re.findall(r"<input [^>]+>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = 'type="radio"' not in tag and 'type="checkbox"' not in tag
        if name and (ticked or " checked" in tag):
            fields.setdefault(name[1], []).append(value[1] if value else "")
    chosen = re.search(r'<option value="([^"]+)"[^>]* selected', text)
    return fields | {"type": chosen[1]}


def test_the_list_says_what_is_asked_when_and_what_is_missing(owner, make, event):
    make.registration(event, answers={"diet": "vegan"})
    page = owner.get(FORM)
    assert page.status_code == 200
    assert re.findall(r'<li id="([^"]+)"', page.text) == ["land", "diet", "why", "last"]
    assert "Only if you chose “Other” for “Diet”." in page.text
    assert (page.text.count("1 answer<"), page.text.count("Not complete in Español")) == (1, 4)
    assert "(1 place left)" in page.text


def test_saving_a_page_as_it_is_changes_nothing(owner, event):
    before = asked()
    for key in before:
        page = owner.get(f"{FORM}/{key}")
        answer = owner.post(f"{FORM}/{key}", typed(page))
        assert (answer.status_code, answer.location) == (303, f"/organizer{FORM}#{key}")
    assert asked() == before
    assert list(db.session.scalars(select(AuditEntry.id))) == []


def test_a_question_is_changed_in_all_its_parts(owner):
    form = typed(owner.get(f"{FORM}/diet")) | {
        "label-en": "What do you eat?",
        "label-es": "",
        "help-en": "We cook.",
        "required": "yes",
        "option-0-label-es": "Vegana, sin huevo",
        "option-0-limit": "7",
        "option-1-label-es": "Otra cosa",
        "option-2-id": "",
        "option-2-label-en": "Fish & chips",
        "option-3-id": "",
        "option-other": "2",
        "if:land": "mexico; DE",
    }
    assert owner.post(f"{FORM}/diet", form).status_code == 303
    diet = asked()["diet"]
    assert (diet.label, diet.help, diet.required) == ({"en": "What do you eat?"}, {"en": "We cook."}, True)
    assert [(one.id, dict(one.label), one.limit, one.other) for one in diet.options] == [
        ("vegan", {"en": "Vegan", "es": "Vegana, sin huevo"}, 7, False),
        ("else", {"en": "Other", "es": "Otra cosa"}, None, False),
        ("fish-chips", {"en": "Fish & chips"}, None, True),
    ]
    assert [(one.question, one.values) for one in diet.only_if] == [("land", ("MX", "DE"))]
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.changes["registration.questions.diet.label.es"] == ["Dieta", None]


def test_buttons_change_rows_and_save_nothing(owner):
    form = typed(owner.get(f"{FORM}/diet"))
    page = owner.post(f"{FORM}/diet", form | {"step": "up-1", "label-en": "typed"})
    assert page.status_code == 200
    again = typed(page)
    assert (again["option-0-id"], again["option-1-id"], again["option-other"]) == (["else"], ["vegan"], ["0"])
    assert (again["label-en"], asked()["diet"].label["en"]) == (["typed"], "Diet")
    assert "option-2-id" in typed(owner.post(f"{FORM}/diet", form | {"step": "add"}))
    assert "option-0-id" not in typed(owner.post(f"{FORM}/last", {"type": "number", "step": "type"}))
    rows = typed(owner.post(f"{FORM}/last", {"type": "several_choices", "step": "type"}))
    assert {"option-0-id", "option-1-id", "option-2-id"} <= set(rows)


MISTAKES = [
    ({"label-en": " \u200b"}, "label-en", "Write the question in English."),
    ({"label-es": "x" * 501}, "label-es", "Shorten this to 500 characters or fewer."),
    ({"help-es": "ayuda"}, "help-en", "Write this in English, too."),
    ({"option-0-label-en": ""}, "option-0-label-en", "Write the option in English."),
    ({"option-0-limit": "-1"}, "option-0-limit", "Enter a whole number of people, or nothing where"),
    ({"if:land": "Atlantis"}, "if:land", "“Atlantis” is no country that we know."),
]


def test_mistakes_stand_beside_their_fields(owner):
    before, form = asked(), typed(owner.get(f"{FORM}/diet"))
    for changes, field, sentence in MISTAKES:
        page = owner.post(f"{FORM}/diet", form | changes)
        assert page.status_code == 422
        assert f'<a href="#{field}">{sentence}' in page.text
    assert asked() == before


def test_what_another_question_waits_for_stays(owner):
    form = typed(owner.get(f"{FORM}/diet"))
    dropped = {name: value for name, value in form.items() if not name.startswith("option-1")}
    sentence = "is asked only after an answer that is not here any more"
    for wrong in (dropped, form | {"type": "long_text"}):
        page = owner.post(f"{FORM}/diet", wrong)
        assert (page.status_code, sentence in page.text) == (422, True)
    for path, do in (
        (f"{FORM}/why/arrange", "up"),
        (f"{FORM}/diet/arrange", "down"),
        (f"{FORM}/diet/arrange", "retire"),
    ):
        page = owner.post(path, {"do": do})
        assert (page.status_code, "is asked only after some answers to “Diet”" in page.text) == (422, True)
    assert owner.post(f"{FORM}/diet/remove").status_code == 422
    assert list(asked()) == ["land", "diet", "why", "last"]


def test_the_order_changes_by_buttons(owner):
    for key, do in (("last", "up"), ("last", "up"), ("land", "up"), ("land", "down")):
        assert owner.post(f"{FORM}/{key}/arrange", {"do": do}).location == f"/organizer{FORM}#{key}"
    assert list(asked()) == ["last", "land", "diet", "why"]
    assert owner.post(f"{FORM}/land/arrange", {"do": "sideways"}).status_code == 400


def test_a_copy_stands_behind_its_original(owner):
    answer = owner.post(f"{FORM}/diet/arrange", {"do": "copy"})
    assert answer.location == f"/organizer{FORM}/diet-2"
    assert list(asked()) == ["land", "diet", "diet-2", "why", "last"]
    assert owner.get(f"{FORM}/diet-2").status_code == 200


def test_a_new_question_gets_a_name_from_its_words(owner):
    form = typed(owner.get(NEW, kind="yes_no")) | {"label-en": "Is it your first time?"}
    assert owner.post(f"{NEW}?kind=yes_no", form).location == f"/organizer{FORM}#is-it-your-first-time"
    assert owner.post(NEW, {"type": "short_text", "label-en": "名前"}).location == f"/organizer{FORM}#question"
    assert [(one.id, one.type) for one in list(asked().values())[4:]] == [
        ("is-it-your-first-time", QuestionType.YES_NO),
        ("question", QuestionType.SHORT_TEXT),
    ]


def test_ready_made_questions_come_in_the_events_languages(desk, make):
    tags = ["en", "es", "fr", "de", "pt-BR", "it", "ar", "zh-Hans"]
    event = make.event(languages=dict.fromkeys(["ca", *tags], "x"))
    owner = desk(make.member(event.organization))
    for preset in PRESETS:
        form = typed(owner.get(NEW, kind=f"ready-{preset}"))
        assert all(form[f"label-{tag}"] != [""] for tag in tags)
        assert form["label-ca"] == [""]
        texts = {name: "x" for name in form if name.endswith("-ca")}
        assert owner.post(f"{NEW}?kind=ready-{preset}", form | texts).location == f"/organizer{FORM}#{preset}"
    assert "https://example.org/privacy" in asked()["privacy"].help["en"]
    assert asked()["source"].options[-1].other


def test_answers_outlive_what_becomes_of_their_question(owner, make, event):
    make.registration(event, answers={"diet": "vegan", "last": "words"})
    page = owner.get(f"{FORM}/diet")
    assert "1 person has answered this question." in page.text
    assert "chosen by 1 person" in page.text
    form = {name: value for name, value in typed(page).items() if not name.startswith("option-0")}
    assert "You take out “Vegan”, which 1 person chose." in owner.post(f"{FORM}/diet", form | {"step": "x"}).text
    assert owner.post(f"{FORM}/diet", form).status_code == 303
    assert "Answers that name an option you took out stay." in owner.get(FORM).text
    owner.post(f"{FORM}/diet", form | {"type": "number"})
    assert asked()["diet"].type is QuestionType.SINGLE_CHOICE
    assert owner.post(f"{FORM}/last", {"type": "long_text", "label-en": "Last"}).status_code == 303
    assert asked()["last"].type is QuestionType.LONG_TEXT
    assert "1 person has answered this question, so it cannot be removed." in owner.get(f"{FORM}/last/remove").text
    assert owner.post(f"{FORM}/last/remove").status_code == 422
    assert db.session.scalars(select(Answer.value).order_by(Answer.id)).all() == ["vegan", "words"]


def test_a_retired_question_is_asked_no_longer_and_can_be_again(owner, client, make, event):
    make.registration(event, answers={"last": "words"})
    assert owner.post(f"{FORM}/last/arrange", {"do": "retire"}).status_code == 303
    assert 'name="q-last"' not in client.get("/events/forum").text
    assert "Not asked any more" in owner.get(FORM).text
    assert owner.post(f"{FORM}/last/arrange", {"do": "ask"}).status_code == 303
    assert 'name="q-last"' in client.get("/events/forum").text
    for key in ("why", "diet"):
        assert owner.post(f"{FORM}/{key}/arrange", {"do": "retire"}).status_code == 303
    page = owner.post(f"{FORM}/why/arrange", {"do": "ask"})
    assert (page.status_code, "a question that is not asked any more" in page.text) == (422, True)


def test_a_question_that_nobody_answered_is_removed(owner):
    assert "Nobody has answered it." in owner.get(f"{FORM}/last/remove").text
    assert owner.post(f"{FORM}/last/remove").location == f"/organizer{FORM}"
    assert list(asked()) == ["land", "diet", "why"]
    assert [owner.get(f"{FORM}/last{end}").status_code for end in ("", "/remove")] == [404, 404]
    assert owner.post(f"{FORM}/last/arrange", {"do": "up"}).status_code == 404


def test_two_organizers_at_one_question(owner, desk, make, event):
    other = desk(make.member(event.organization))
    mine, theirs = typed(owner.get(f"{FORM}/last")), typed(other.get(f"{FORM}/last"))
    version = str(event.version)
    assert other.post(f"{FORM}/last", theirs | {"label-en": "Theirs", "version": version}).status_code == 303
    page = owner.post(f"{FORM}/last", mine | {"label-en": "Mine", "version": version})
    assert (page.status_code, "Somebody else changed this" in page.text) == (422, True)
    assert "<bdi>last</bdi> → <bdi>Theirs</bdi>" in page.text
    assert asked()["last"].label["en"] == "Theirs"
    seen = re.search(r'name="version" value="(\d+)"', page.text)[1]
    assert owner.post(f"{FORM}/last", mine | {"label-en": "Mine", "version": seen}).status_code == 303
    assert asked()["last"].label["en"] == "Mine"


def test_the_preview_is_the_form_in_each_language_and_sends_nothing(owner, event):
    page = owner.get("/o/example-league/events/forum/form-preview", **{"in": "es"})
    shown = page.text[page.text.index('<form class="panel preview"') :].split("</form>")[0]
    assert ("Dieta" in shown, "Correo electrónico" in shown or "correo" in shown) == (True, True)
    assert ("<button" in shown, "method=" in shown) == (False, False)
    assert "Tu nombre" not in owner.get("/o/example-league/events/forum/form-preview", **{"in": "en"}).text
    assert "The form as people see it" in page.text


def test_who_may_not_and_what_is_foreign(desk, make, event):
    assistant = desk(make.member(event.organization, Role.ASSISTANT))
    owner = desk(make.member(make.organization(slug="other")))
    for path in (FORM, f"{FORM}/diet", f"{FORM}/diet/remove", NEW, f"{FORM}-preview"):
        assert (assistant.get(path).status_code, owner.get(path).status_code) == (403, 404)
    assert assistant.post(f"{FORM}/diet/arrange", {"do": "retire"}).status_code == 403
    make.event("talk", questions=[{"key": "only-there"}])
    assert desk(make.member(event.organization)).get(f"{FORM}/only-there").status_code == 404


def test_the_list_takes_as_many_statements_for_many_questions(owner, event):
    owner.get(FORM)
    counts = []
    for turn in range(2):
        with statements() as seen:
            owner.get(FORM)
        counts.append(len(seen))
        with transaction() as session:
            session.add_all(
                Question(
                    event_id=event.id, position=9 + at, key=f"k{turn}{at}", type=QuestionType.YES_NO, label={"en": "x"}
                )
                for at in range(3)
            )
    assert counts[0] == counts[1]
