"""Words of an event, languages side by side."""

import re
from datetime import timedelta

import pytest

from eventsapp.db import db, transaction
from eventsapp.models import Event
from eventsapp.reading.schema import LONGEST_WORDS

HERE = "/o/example-league/events/forum/words"
BOTH = {
    "en": {"summary": "Forum", "description": "Everybody is *welcome*.", "excerpt": "Come!"},
    "es": {"summary": "Foro", "description": "", "excerpt": "¡Ven!"},
}


@pytest.fixture
def event(make):
    return make.event(languages=BOTH)


@pytest.fixture
def olga(desk, event, make):
    return desk(make.member(event.organization))


def form_of(event, **changed):
    fields = {
        f"{part}-{one.language_tag}": getattr(one, part)
        for one in event.variants
        for part in ("summary", "excerpt", "description", "what_to_bring", "picture_alt")
    }
    return fields | {"version": event.version} | {name.replace("__", "-"): text for name, text in changed.items()}


def stored(event):
    db.session.expire_all()
    return {one.language_tag: one for one in db.session.get(Event, event.id).variants}


def badges(page):
    return re.findall(r'<span class="badge warn">(.*?)</span>', page.text)


def test_what_is_missing_is_marked_and_saved_words_are_there(olga, event):
    assert badges(olga.get(HERE)) == ["Missing"]
    answer = olga.post(HERE, form_of(event, description__es="Todos."))
    assert (answer.status_code, answer.location) == (303, "/organizer" + HERE)
    assert "The words are saved." in olga.get(HERE).text
    assert {tag: one.description for tag, one in stored(event).items()} == {
        "en": "Everybody is *welcome*.",
        "es": "Todos.",
    }
    assert badges(olga.get(HERE)) == []


def test_a_text_older_than_the_defaults_is_marked_until_somebody_says_that_it_is_not(olga, event, time_machine, now):
    olga.post(HERE, form_of(event, excerpt__en="Come all!"))
    assert badges(olga.get(HERE)) == ["Older than in English", "Missing"]
    time_machine.move_to(now + timedelta(hours=1), tick=False)
    event = db.session.get(Event, event.id)
    olga.post(HERE, form_of(event) | {"current": "excerpt-es"})
    assert badges(olga.get(HERE)) == ["Missing"]


def test_an_empty_title_is_refused_and_nothing_typed_is_lost(olga, event):
    answer = olga.post(HERE, form_of(event, summary__es=" ", excerpt__es="¿Vienes?"))
    assert (answer.status_code, stored(event)["es"].excerpt) == (422, "¡Ven!")
    assert "Enter a title." in answer.text
    assert "¿Vienes?" in answer.text


def test_looking_saves_nothing_and_markdown_is_safe(olga, event):
    form = form_of(event, description__es="*Hola* <script>alert(1)</script>")
    page = olga.post(HERE, form | {"look": "1"})
    assert (page.status_code, stored(event)["es"].description) == (200, "")
    piece = olga.post(f"{HERE}/preview?text=description-es", form)
    assert piece.text.strip() == "<p><em>Hola</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert [olga.post(f"{HERE}/preview?text={name}", form).status_code for name in ("summary-es", "x", "")] == [404] * 3


@pytest.mark.parametrize("part", ["excerpt", "description", "what_to_bring", "picture_alt"])
def test_a_text_that_is_too_long_is_refused_beside_its_field(olga, event, part):
    limit = LONGEST_WORDS[part]
    answer = olga.post(HERE, form_of(event) | {f"{part}-es": "x" * (limit + 1)})
    assert (answer.status_code, getattr(stored(event)["es"], part)) == (422, "¡Ven!" if part == "excerpt" else "")
    assert f"Write at most {limit:,} characters." in answer.text
    assert "x" * (limit + 1) in answer.text
    assert olga.post(HERE, form_of(event) | {f"{part}-es": "x" * limit}).status_code == 303


@pytest.mark.parametrize("typed", ["de", "Deutsch (de)", "deutsch", "German"])
def test_a_language_is_added_by_name_or_code(olga, event, typed):
    answer = olga.post(f"{HERE}/add", {"language": typed, "title": "Forum", "version": event.version})
    assert (answer.status_code, list(stored(event))) == (303, ["en", "es", "de"])


@pytest.mark.parametrize("typed", ["", "es", "Klingonese", "x" * 500])
def test_what_is_no_new_language_is_refused(olga, event, typed):
    answer = olga.post(f"{HERE}/add", {"language": typed, "title": "Forum", "version": event.version})
    assert (answer.status_code, list(stored(event))) == (422, ["en", "es"])


def test_the_default_changes_and_a_language_goes_with_its_words(olga, make, event):
    olga.post(f"{HERE}/add", {"language": "de", "title": "Forum"})
    make.registration(event, language_tag="de")
    assert "1 registered person reads it." in olga.get(f"{HERE}/de").text
    assert olga.post(f"{HERE}/de", {"do": "default"}).status_code == 303
    assert (db.session.get(Event, event.id).default_language_tag, olga.get(f"{HERE}/de").status_code) == ("de", 404)
    assert olga.post(f"{HERE}/en", {"do": "default"}).status_code == 303
    with transaction():
        db.session.get(Event, event.id).topics = [{"en": "Peace", "de": "Frieden"}]
    answer = olga.post(f"{HERE}/de", {"do": "remove"})
    assert (answer.status_code, list(stored(event))) == (303, ["en", "es"])
    assert db.session.get(Event, event.id).topics == [{"en": "Peace"}]


def test_a_language_in_which_dates_are_held_stays(olga, event):
    answer = olga.post(f"{HERE}/es", {"do": "remove"})
    assert (answer.status_code, list(stored(event))) == (422, ["en", "es"])
    assert "Dates are held in this language." in answer.text


def test_two_people_at_the_same_text_see_each_other(olga, event, desk, make):
    other = desk(make.member(event.organization, name="Ada"))
    form = form_of(event)
    assert other.post(HERE, form | {"excerpt-en": "Hers"}).status_code == 303
    answer = olga.post(HERE, form | {"excerpt-en": "Mine"})
    assert answer.status_code == 422
    assert "Ada" in answer.text
    assert "<ins><bdi>Hers</bdi></ins>" in answer.text
    assert stored(event)["en"].excerpt == "Hers"
