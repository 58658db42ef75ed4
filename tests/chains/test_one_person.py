"""One person's calendar, from the confirmation on through all that can happen to a date and to a place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.chains.journey import Journey
from tests.chains.stores import Held, Store

ZOE, AT_HOME, BEN = "zoe@example.com", "zoe@example.net", "ben@example.com"
MADRID, SEVILLE = "Calle Mayor 1, Madrid", "Calle Sierpes 2, Seville"
FIRST = datetime(2027, 6, 12, 23, tzinfo=UTC)
MOVED = datetime(2027, 6, 13, 17, 30, tzinfo=UTC)
JULY = datetime(2027, 7, 12, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Shown:
    """What somebody sees of an entry at a glance."""

    starts_at: datetime = FIRST
    summary: str = "Public forum"
    location: str = MADRID


def shown(calendar: Sequence[Held]) -> list[Shown]:
    return [Shown(held.starts_at, held.summary, held.location) for held in calendar]


def revisions(objects: Sequence[bytes]) -> list[tuple[int, str]]:
    """(SEQUENCE, DTSTAMP) of each."""
    return [
        (int(re.search(rb"\r\nSEQUENCE:(\d+)", data)[1]), re.search(rb"\r\nDTSTAMP:(\w+)", data)[1].decode())  # type: ignore[index]
        for data in objects
    ]


def test_from_the_first_letter_to_the_last(journey: Journey, stores: Mapping[str, Store]) -> None:
    chain: list[tuple[str, Shown | None]] = []  # whose calendar a letter changes, and what stands there then

    def then(address: str, *entry: Shown | None) -> None:
        letters = journey.post()
        assert [to for to, _letter in letters] == [address] * len(entry), [(to, one["Subject"]) for to, one in letters]
        chain.extend((address, one) for one in entry)

    journey.publish()
    journey.register(ZOE)
    then(ZOE, Shown())
    journey.publish({"start": "2027-06-13 10:30"})
    then(ZOE, Shown(MOVED))
    journey.publish()
    then(ZOE, Shown())
    journey.publish(languages={"en": {"summary": "Open forum"}})
    then(ZOE, Shown(summary="Open forum"))
    journey.publish({"location": SEVILLE})
    then(ZOE, Shown(location=SEVILLE))
    journey.press(journey.manage(ZOE, "cancel"))
    then(ZOE, None)
    journey.press(journey.manage(ZOE, "dates"), occurrences="one")
    then(ZOE, Shown(location=SEVILLE))
    journey.publish({"location": SEVILLE, "status": "cancelled"})
    then(ZOE, None)
    journey.publish({"location": SEVILLE})
    then(ZOE, Shown(location=SEVILLE))
    journey.press(journey.manage(ZOE, "address"), email=AT_HOME)
    assert [to for to, _letter in journey.post()] == [AT_HOME]
    journey.press(journey.links[f"address {AT_HOME}"])
    moved = journey.post()
    assert sorted(to for to, _letter in moved) == [ZOE, AT_HOME]
    chain += [(ZOE, None), (AT_HOME, Shown(location=SEVILLE))]
    journey.publish()
    then(AT_HOME, Shown())
    journey.press(journey.manage(AT_HOME, "cancel"))
    then(AT_HOME, None)

    for address in (ZOE, AT_HOME):
        objects = journey.boxes[address]
        wanted = [[entry] if entry else [] for to, entry in chain if to == address]
        assert len(objects) == len(wanted)
        numbers = [number for number, _stamp in revisions(objects)]
        assert numbers == sorted(set(numbers)), "no revision may be stale"
        for name, store in stores.items():
            assert (name, list(map(shown, store(address, objects)))) == (name, wanted)


@pytest.mark.parametrize("others", [(), ({"id": "two", "start": "2027-07-12 16:00"},)])
def test_who_cancels_and_waits_again_at_once_loses_the_entry(
    others: Sequence[Mapping[str, str]], journey: Journey, stores: Mapping[str, Store]
) -> None:
    """Before the letter about the first has left; with another date or without."""
    journey.publish({"capacity": "1"}, *others, registration={"choose": "any", "waitlist": "yes"})
    for address in (ZOE, BEN):
        journey.register(address, occurrences=["one", *(date["id"] for date in others)])
    journey.post()
    assert {len(store(ZOE, journey.boxes[ZOE])[-1]) for store in stores.values()} == {1 + len(others)}
    journey.press(journey.manage(ZOE, "cancel"), date="one")
    journey.register(ZOE, occurrences="one") if not others else journey.press(
        journey.manage(ZOE, "dates"), occurrences=["one", "two"]
    )
    assert [to for to, _letter in journey.post() if to == ZOE] == [ZOE] * 2, "it is cancelled; and how it stands now"
    numbers = [number for number, _stamp in revisions(journey.boxes[ZOE])]
    assert numbers[-1] == 1
    for name, store in stores.items():
        held = store(ZOE, journey.boxes[ZOE])[-1]
        assert (name, [one.starts_at for one in held]) == (name, [JULY] * len(others))


def test_who_cancels_and_gives_the_address_to_another_registration_keeps_one_entry(
    journey: Journey, stores: Mapping[str, Store]
) -> None:
    """Before the letter about the first has left: the registration that was there is forgotten, not its entry."""
    later = {"id": "two", "start": "2027-07-12 16:00"}
    journey.publish({}, later)
    journey.register(ZOE, occurrences="one")
    journey.register(BEN, occurrences="two")
    journey.post()
    journey.press(journey.manage(BEN, "address"), email=ZOE)
    journey.post()
    journey.press(journey.manage(ZOE, "cancel"))
    journey.press(journey.links[f"address {ZOE}"])
    journey.post()
    for name, store in stores.items():
        assert (name, [one.starts_at for one in store(ZOE, journey.boxes[ZOE])[-1]]) == (name, [JULY])


def test_a_chain_whose_revisions_stand_still_would_be_seen(journey: Journey, stores: Mapping[str, Store]) -> None:
    journey.publish()
    journey.register(ZOE)
    journey.post()
    journey.publish({"start": "2027-06-13 10:30"})
    journey.post()
    first, second = journey.boxes[ZOE]
    (number, stamp), *_rest = revisions([first])
    still = re.sub(rb"SEQUENCE:\d+", b"SEQUENCE:%d" % number, second)
    still = re.sub(rb"DTSTAMP:\w+", b"DTSTAMP:" + stamp.encode(), still)
    assert shown(stores["thunderbird"](ZOE, [first, still])[-1]) == [Shown()]
    assert shown(stores["thunderbird"](ZOE, [first, second])[-1]) == [Shown(MOVED)]
