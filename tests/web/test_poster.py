"""The share picture: one for each language, small, the same each time, and drawn seldom."""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from itertools import combinations
from threading import Barrier, Event, Thread

import pytest
import time_machine
from PIL import Image, ImageChops

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Visibility
from eventsapp.drawing.poster import HEIGHT, MOST_BYTES, WIDTH, Poster, can_draw, draw
from eventsapp.queries.posters import poster_of
from eventsapp.web.poster import Drawn
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.missing import missing
from tests.web.html import read

TITLES = {
    "en": "Public forum",
    "es": "Foro público",
    "ar": "منتدى عام مع Zoom",
    "zh-Hans": "公共论坛",
    "ja": "公開フォーラム",
    "hi": "सार्वजनिक मंच",
}
PLAIN = Poster(
    "en",
    False,
    "Forum",
    "Saturday 13 June 2026",
    "4:00 pm",
    "2026-06-13",
    (),
    "League",
    ("English",),
    "0b6b5c",
    "forum",
)


def image_of(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    assert len(data) < MOST_BYTES < 200_000
    return image.convert("RGB")


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """How many pixels of a part differ from its ground."""
    part = image.crop(box)
    return part.width * part.height - max(count for count, _colour in part.getcolors(part.width * part.height))


def test_each_language_has_its_own(client, make):
    make.event(languages=TITLES)
    pictures = {}
    for tag, title in TITLES.items():
        if not can_draw(title, tag):
            missing(f"THE SHARE PICTURE IN {tag}", "there is no font (apt install fonts-noto-core fonts-noto-cjk)")
        answer = client.get(f"/{tag}/events/forum/share.png")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        pictures[tag] = image_of(answer.data)
        title_box = (430, 100, 1190, 330) if tag == "ar" else (10, 100, 770, 330)
        assert ink(pictures[tag], title_box) > 2000, tag
    for (one, first), (other, second) in combinations(pictures.items(), 2):
        assert first.tobytes() != second.tobytes(), (one, other)


def test_it_is_mirrored_from_right_to_left(client, make):
    make.event(languages={"ar": TITLES["ar"], "en": TITLES["en"]})
    for tag, words, band in (
        ("en", (0, 0, 50, HEIGHT), (780, 0, WIDTH, HEIGHT)),
        ("ar", (1150, 0, WIDTH, HEIGHT), (0, 0, 420, HEIGHT)),
    ):
        image = image_of(client.get(f"/{tag}/events/forum/share.png").data)
        assert ink(image, words) == 0
        assert ink(image, band) > 50_000


def test_without_a_language_it_is_in_the_events_own_whoever_asks(client, make):
    make.event(languages={"es": "Foro público", "en": "Public forum"})
    plain = client.get("/events/forum/share.png", headers={"Accept-Language": "en"})
    assert plain.data == client.get("/es/events/forum/share.png").data
    assert plain.data == client.get("/fr/events/forum/share.png?v=1&tz=Asia/Tokyo").data
    assert "Accept-Language" not in plain.headers.get("Vary", "")
    assert "Set-Cookie" not in plain.headers


def test_the_same_facts_are_the_same_bytes(client, make):
    make.event()
    first = client.get("/en/events/forum/share.png").data
    assert draw(PLAIN) == draw(PLAIN) != draw(replace(PLAIN, title="Forum 2"))
    assert client.get("/en/events/forum/share.png").data == first


def test_caches_keep_it_and_ask_for_it_by_its_tag(client, make, session):
    event = make.event()
    answer = client.get("/en/events/forum/share.png")
    assert (answer.headers["Cache-Control"], answer.headers["Cross-Origin-Resource-Policy"]) == (
        "public, max-age=86400",
        "cross-origin",
    )
    tag = answer.headers["ETag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/en/events/forum/share.png", headers={"If-None-Match": asked})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get("/es/events/forum/share.png", headers={"If-None-Match": tag}).status_code == 200
    with transaction():
        event.organization.accent = "#c8452b"
    changed = client.get("/en/events/forum/share.png", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_draft_has_none(client, make):
    make.event("draft", published_at=None)
    make.event("unlisted", visibility=Visibility.UNLISTED)
    assert client.get("/en/events/unlisted/share.png").status_code == 200
    for slug in ("draft", "never", "..%2f", "a.b", "%00"):
        assert client.get(f"/en/events/{slug}/share.png").status_code in (400, 404), slug


def test_it_says_what_is_next_in_its_language(app, make, settings, now):
    event = make.event(languages={"en": "Forum", "es": "Foro"})
    english, spanish = (poster_of(event, tag, now=now, settings=settings) for tag in ("en", "es"))
    assert (english.day, english.clock) == (
        "Saturday 13 June 2026",
        "4:00 pm – 5:00 pm · Pacific Time (Los Angeles, UTC−7)",
    )
    assert (english.notes, english.languages) == (("and 1 more date",), ("English", "Español"))
    assert (spanish.day, spanish.languages) == ("domingo, 28 de junio de 2026", ("Español", "English"))
    after_first = event.occurrences[0].ends_at + timedelta(hours=1)
    later = poster_of(event, "en", now=after_first, settings=settings)
    assert (later.day, later.notes, later.languages) == ("Sunday 28 June 2026", (), ("Español",))
    over = poster_of(event, "en", now=after_first + timedelta(days=60), settings=settings)
    assert (over.day, over.clock, over.languages) == ("Sunday 28 June 2026", "", ())
    assert len({poster.name for poster in (english, spanish, later, over)}) == 4


def test_it_says_that_an_event_is_cancelled(app, make, settings, now):
    event = make.event(cancelled_at=now)
    said = poster_of(event, "en", now=now, settings=settings)
    assert (said.day, said.clock, said.notes) == ("Saturday 13 June 2026", "", ("This event is cancelled.",))
    assert len(draw(said)) < MOST_BYTES


def test_an_event_without_dates_or_in_a_language_we_have_no_sentences_in(app, make, settings, now):
    bare = poster_of(make.event("bare", occurrences=[]), "en", now=now, settings=settings)
    assert (bare.day, bare.digits, bare.notes) == ("", "", ())
    maori = make.event("sky", languages={"mi": "Te rangi i te pō"}, occurrences=[IN_ENGLISH, IN_SPANISH])
    assert poster_of(maori, "mi", now=now, settings=settings).notes == ()
    image_of(draw(bare))


def test_the_page_names_it_with_its_size_and_its_words(client, make):
    event = make.event()
    for tag, said in (
        ("en", "Public forum · Saturday 13 June 2026 · Example League"),
        ("es", "Foro público · domingo, 28 de junio de 2026 · Example League"),
    ):
        page = read(client.get(f"/{tag}/events/forum?tz=Asia/Tokyo"))
        graph = {meta["property"]: meta["content"] for meta in page.all("meta") if meta.get("property")}
        assert re.fullmatch(
            rf"https://events\.example\.org/{tag}/events/forum/share\.png\?v=[0-9a-f]{{8}}", graph["og:image"]
        )
        assert (graph["og:image:width"], graph["og:image:height"]) == (str(WIDTH), str(HEIGHT))
        assert graph["og:image:alt"] == said
        assert page.one("meta", name="twitter:card")["content"] == "summary_large_image"
        image_of(client.get(graph["og:image"].removeprefix("https://events.example.org")).data)
    with time_machine.travel(event.occurrences[0].ends_at + timedelta(hours=1)):
        later = read(client.get("/en/events/forum")).one("meta", property="og:image")["content"]
    assert later != read(client.get("/en/events/forum")).one("meta", property="og:image")["content"]


def test_a_picture_of_its_own_stands_in_the_band(client, make, settings):
    settings.pictures_path.mkdir()
    Image.effect_noise((1600, 900), 120).convert("RGB").save(settings.pictures_path / "noise.jpg")
    Image.new("RGBA", (30, 900), (200, 0, 0, 128)).save(settings.pictures_path / "thin.png")
    (settings.pictures_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    for number, name in enumerate(("noise.jpg", "thin.png", "broken.png", "gone.png", "")):
        make.event(f"e{number}", picture=name)
    pictures = [image_of(client.get(f"/en/events/e{number}/share.png").data) for number in range(5)]
    red, green, blue = pictures[1].getpixel((1000, 300))
    assert (red > 200, abs(green - 127) < 12, abs(blue - 127) < 12) == (True, True, True)
    assert ink(pictures[0], (780, 0, WIDTH, HEIGHT)) > 200_000
    words = [image.crop((0, 0, 780, HEIGHT)) for image in pictures]
    for beside in words:  # a photograph takes nothing from the letters
        assert sum(ImageChops.difference(beside, words[-1]).convert("L").histogram()[32:]) == 0


HOSTILE = {
    "no space": "W" * 200,
    "override": "abc\u202edef\u202c \u2067x",
    "emoji": "🎉👩‍👩‍👧🇩🇪" * 10,
    "tower": "Z" + "\u0301\u0335\u0489" * 60,
    "mixed": "منتدى Zoom (2026) 公開 Форум " * 5,
    "joiners": "\u200d\u200c\u200b a \u200b\u200b b \ufeff",
    "long": "Öffentliches Forum zur Wohnungspolitik, " * 9,
    "math": "𝕱𝖔𝖗𝖚𝖒 ∀x∈ℝ",
    "unknown": "\U00012000\U0001f9ff\ue000",
}


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("rtl", [True, False])
def test_whatever_the_title_is_a_picture_is_drawn(title, rtl):
    poster = replace(
        PLAIN,
        title=title,
        rtl=rtl,
        tag="ar" if rtl else "en",
        organization=title,
        day=title,
        notes=(title,),
        languages=(title,) * 9,
    )
    image = image_of(draw(poster))
    margins = ((1150, 0, WIDTH, HEIGHT), (421, 0, 440, HEIGHT)) if rtl else ((0, 0, 50, HEIGHT), (760, 0, 779, HEIGHT))
    assert [ink(image, margin) for margin in margins] == [0, 0]


def test_where_no_font_has_the_title_the_date_stands_in_digits():
    blank = replace(PLAIN, title="\U00017000\U00017001", day="\U00017002", clock="\U00017003")
    assert not can_draw(blank.title, "txg")
    assert draw(blank) == draw(replace(blank, title="\U00017009"))
    assert draw(blank) != draw(replace(blank, digits="2026-06-14"))


def test_many_who_ask_at_once_get_what_is_drawn_once():
    drawn_for: list[Poster] = []
    shelf = Drawn(by=lambda poster: drawn_for.append(poster) or b"png")
    start = Barrier(3)

    def ask() -> None:
        start.wait()
        assert shelf.picture(PLAIN) == b"png"

    threads = [Thread(target=ask) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn_for == [PLAIN]


def test_a_flood_leaves_threads_for_pages_and_what_is_kept_is_given():
    begun, go_on = Event(), Event()

    def slowly(poster: Poster) -> bytes:
        if poster.title == "slow":
            begun.set()
            go_on.wait(10)
        return b"png"

    shelf = Drawn(by=slowly, most=2)
    assert shelf.picture(PLAIN) == b"png"
    threads = [Thread(target=shelf.picture, args=(replace(PLAIN, title="slow"),)) for _number in range(3)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while shelf._seats._value:
        pass
    assert shelf.picture(replace(PLAIN, title="one too many")) is None
    assert shelf.picture(PLAIN) == b"png"
    go_on.set()
    for thread in threads:
        thread.join()
    assert shelf.picture(replace(PLAIN, title="now")) == b"png"
    assert len(shelf._kept) == 2
