"""Whoever guesses, mistypes or kept a personal link gets one and the same page, which says nothing of anybody."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import PlaceState, Purpose
from eventsapp.models import Registration
from tests.browser.live import Live
from tests.browser.scenes import own_link

DOORS = {
    Purpose.MANAGE: [
        "/manage/{}",
        *(f"/manage/{{}}/{room}" for room in ("details", "dates", "cancel", "language", "letters")),
        *(f"/manage/{{}}/{room}" for room in ("address", "data", "data.json", "erase")),
    ],
    Purpose.JOIN: ["/j/{}", "/j/{}/spanish", "/j/{}/spanish/google"],
    Purpose.VERIFY: ["/verify/{}", "/verify/{}/done"],
    Purpose.ADDRESS: ["/address/{}"],
    Purpose.RECEIPT: ["/registrations/{}", "/registrations/{}/invite.ics", "/registrations/{}/address"],
}
NOBODY = f"{'a' * 16}.{'b' * 26}"


@pytest.fixture
def tokens(paths: dict[str, str]) -> dict[Purpose, str]:
    """What opens each kind of door, each for a person of its own."""
    return {
        Purpose.MANAGE: paths["manage"],
        Purpose.JOIN: paths["join"],
        Purpose.VERIFY: paths["verify"],
        Purpose.ADDRESS: paths["address"],
        Purpose.RECEIPT: paths["receipt"],
    }


def shown(page: Page, path: str, token: str) -> tuple[int, str]:
    """How a door answers and all that the page then holds, but for the address that was typed in."""
    answer = page.goto(f"/es{path.format(token)}")
    assert answer is not None
    return answer.status, page.content().replace(token, "TOKEN")


def mistyped(token: str, at: int) -> str:
    return f"{token[:at]}{'a' if token[at] != 'a' else 'b'}{token[at + 1 :]}"


@pytest.mark.parametrize("purpose", DOORS)
def test_a_mistyped_link_opens_nothing(purpose: Purpose, reader: Page, tokens: dict[Purpose, str]) -> None:
    door, token = DOORS[purpose][0], tokens[purpose]
    assert shown(reader, door, token)[0] == 200
    nothing = shown(reader, door, NOBODY)
    assert nothing[0] == 404
    for at in (0, 15, 17, 42):
        assert shown(reader, door, mistyped(token, at)) == nothing


@pytest.mark.parametrize("purpose", DOORS)
def test_a_link_opens_no_door_of_another_kind(purpose: Purpose, reader: Page, tokens: dict[Purpose, str]) -> None:
    others = [token for other, token in tokens.items() if other is not purpose]
    for at, door in enumerate(DOORS[purpose]):
        nothing = shown(reader, door, NOBODY)
        assert nothing[0] == 404
        for token in others[at % len(others) :][:1] if at else others:  # one is enough for each room behind a door
            assert shown(reader, door, token) == nothing


def test_a_revoked_link_says_what_no_link_says(reader: Page, live: Live) -> None:
    kinds = (Purpose.MANAGE, Purpose.JOIN, Purpose.VERIFY)
    manage = own_link(live, "forum", PlaceState.CONFIRMED, Purpose.MANAGE)
    public_id = links.public_id_in(manage)
    own = {kind: links.token(live.settings.link_key, kind, public_id) for kind in kinds}
    for kind in kinds:
        assert shown(reader, DOORS[kind][0], own[kind])[0] == 200
    with live.rows(), transaction():
        db.session.scalars(select(Registration).where(Registration.public_id == public_id)).one().link_generation += 1
    for kind in kinds:
        for door in (DOORS[kind][0], DOORS[kind][-1]):
            assert shown(reader, door, own[kind]) == shown(reader, door, NOBODY)
