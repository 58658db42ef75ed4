"""The last places, wanted by four times as many people at the same moment, at four web server processes."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models import Place
from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, Person, ask
from tests.torture.house import opened
from tests.torture.scene import Stage

PLACES = 50
PEOPLE = 200


@pytest.mark.parametrize("waitlist", [False, True])
def test_fifty_places_are_given_to_fifty_of_two_hundred(stage: Stage, waitlist: bool) -> None:
    stage.make.event(waitlist=waitlist, occurrences=[scene.date("one", 12, capacity=PLACES)])
    scene.let_go()
    together = [Person("forum", f"person{n}@example.org", ("one",), twice=False, cancels=False) for n in range(PEOPLE)]
    barrier = threading.Barrier(PEOPLE)
    with opened(stage.settings) as house:
        crowd = Crowd(house, stage.postbox)

        def come(number: int) -> int:
            form = {"name": "Ana", "email": together[number].email, "occurrences": "one"}
            barrier.wait()
            answer = ask(house.ports[number % len(house.ports)], "/events/forum/registrations", form)
            if answer.status == 303:
                crowd.told.add(together[number].email)
            return answer.status

        with ThreadPoolExecutor(PEOPLE) as pool:
            answers = Counter(pool.map(come, range(PEOPLE)))
        scene.settle(stage.session)
        assert house.unforeseen() == []
    assert answers == ({303: PEOPLE} if waitlist else {303: PLACES, 409: PEOPLE - PLACES})
    states = Counter(stage.session.scalars(select(Place.state)))
    waiting = {PlaceState.WAITLISTED: PEOPLE - PLACES} if waitlist else {}
    assert states == {PlaceState.CONFIRMED: PLACES} | waiting
    assert Books(stage.session, crowd, together).wrong() == []
