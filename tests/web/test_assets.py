"""Style sheet, script, accents, patterns, pictures: small, kept for long, and only what is meant to be served."""

import re

import pytest
from PIL import Image

from eventsapp.config import PACKAGE
from eventsapp.domain.colour import PRODUCT_ACCENT, accent_steps
from eventsapp.drawing.pattern import pattern_svg
from tests.web.html import read


def sheet() -> str:
    return "".join((PACKAGE / f"static/{name}.css").read_text() for name in ("site", "more"))


def test_a_file_is_kept_for_ever_under_the_hash_of_its_bytes(client, make):
    make.event()
    page = read(client.get("/events/forum"))
    addresses = [page.all("link", rel="stylesheet")[0]["href"], page.all("script")[0]["src"]]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        older = client.get(re.sub(r"/[0-9a-f]{12}/", "/000000000000/", address))
        assert (older.data, older.headers["Cache-Control"]) == (answer.data, "no-cache")


def test_the_sheet_has_logical_sides_alone():
    sides = re.findall(r"(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right)\s*:|float", sheet())
    assert sides == []


def test_the_sheet_names_the_colours_that_contrast_was_computed_for():
    for name, light in accent_steps(PRODUCT_ACCENT)["light"].items():
        dark = accent_steps(PRODUCT_ACCENT)["dark"][name]
        assert f"{name}: light-dark({light}, {dark});" in sheet()


def test_an_organization_has_its_own_colours_by_a_sheet_of_its_own(client, make):
    make.event(organization=make.organization(accent="#C8452B"))
    page = read(client.get("/events/forum"))
    address = page.all("link", rel="stylesheet")[1]["href"]
    assert address == "/accent/c8452b.css"
    answer = client.get(address)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/css", "public, max-age=86400")
    steps = accent_steps("#c8452b")
    for name in steps["light"]:
        assert f"{name}:light-dark({steps['light'][name]},{steps['dark'][name]})" in answer.text
    assert page.one("img", class_="art")["src"] == "/pattern/c8452b/forum.svg"


def test_the_products_own_colours_need_no_sheet_of_their_own(client, make):
    for number, accent in enumerate(("", PRODUCT_ACCENT, f" {PRODUCT_ACCENT.upper()}")):
        make.event(f"e{number}", organization=make.organization(slug=f"o{number}", accent=accent))
        assert len(read(client.get(f"/events/e{number}")).all("link", rel="stylesheet")) == 1, accent


def test_a_pattern_follows_from_its_seed(client):
    one, other = pattern_svg("forum", "c8452b"), pattern_svg("other", "c8452b")
    assert one == pattern_svg("forum", "c8452b") != other
    for seed in ("forum", "x", "a" * 100):
        answer = client.get(f"/pattern/c8452b/{seed}.svg")
        assert answer.mimetype == "image/svg+xml"
        assert len(answer.data) < 2000
        assert not any(word in answer.text for word in ("<script", "style=", "<style", "href"))


def test_a_picture_is_served_from_its_folder_alone(client, make, settings):
    make.event(picture="forum.png", languages={"en": {"summary": "Forum", "picture_alt": "A hall"}})
    settings.pictures_path.mkdir()
    Image.new("RGB", (4, 2)).save(settings.pictures_path / "forum.png")
    (settings.pictures_path / "evil.html").write_text("<script>")
    (settings.instance_path / "secret_key").write_text("secret")
    art = read(client.get("/events/forum")).one("img", class_="art")
    assert (art["src"], art["alt"]) == ("/pictures/forum.png", "A hall")
    answer = client.get("/pictures/forum.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert client.get("/pictures/forum.png", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for name in ("evil.html", "../secret_key", "..%2fsecret_key", "none.png"):
        assert client.get(f"/pictures/{name}").status_code == 404, name


def test_robots_are_kept_from_what_is_somebodys_own(client):
    answer = client.get("/robots.txt")
    assert answer.text.splitlines() == [
        "User-agent: *",
        "Disallow: /mailbox",
        "Disallow: /registrations/",
        "Disallow: /j/",
        "Disallow: /manage/",
        "Disallow: /verify/",
        "Disallow: /address/",
        "Disallow: /*/registrations/",
        "Disallow: /*/j/",
        "Disallow: /*/manage/",
        "Disallow: /*/verify/",
        "Disallow: /*/address/",
    ]


@pytest.mark.parametrize("path", ["/favicon.svg", "/favicon.ico"])
def test_there_is_an_icon(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
