"""People at real web servers: they register, press the button twice, and cancel by the link in their letter.

Whoever gets no answer, or is told to come again, comes again, as a person would.
"""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.torture.house import House
from tests.torture.postbox import Postbox

AT_ONCE = 12
COMES_AGAIN_FOR = 240.0  # seconds
SOME = 0.1  # of all people press twice, and as many cancel
Choices = Sequence[tuple[str, tuple[str, ...]]]  # an event's slug, and dates of it


@dataclass(frozen=True)
class Person:
    slug: str
    email: str
    dates: tuple[str, ...]
    twice: bool
    cancels: bool


def people(number: int, choices: Choices, chance: random.Random) -> list[Person]:
    """So many people, each with an event and dates of their own choice."""
    chosen = [chance.choice(choices) for _ in range(number)]
    moods = [chance.random() for _ in range(number)]
    return [
        Person(slug, f"person{n}@domain{n % 97}.example", dates, twice=mood < SOME, cancels=SOME < mood < 2 * SOME)
        for n, ((slug, dates), mood) in enumerate(zip(chosen, moods, strict=True))
    ]


@dataclass(frozen=True)
class Answer:
    status: int
    leads_to: str
    clear: bool


@dataclass
class Crowd:
    """``answers`` counts what came of each form: a status, or ``cut``. ``told``: who was led to a receipt;
    ``refused``: who was told that it is full; ``gone``: who was told that the place is cancelled; ``unclear``: answers
    of which nobody could make anything."""

    house: House
    postbox: Postbox
    answers: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    unclear: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def done(self) -> int:
        return len(self.told) + len(self.refused)

    def register_all(self, people: Sequence[Person], at_once: int = AT_ONCE) -> None:
        """All of them; those who cancel do so when their letter has come."""
        self.postbox.wanted |= {person.email for person in people if person.cancels}
        forms = [person for person in people for _ in range(2 if person.twice else 1)]
        with ThreadPoolExecutor(at_once) as leaving, ThreadPoolExecutor(at_once) as coming:
            came = list(coming.map(self._register, forms))
            left = [leaving.submit(self._cancel, person) for person in people if person.cancels]
        assert len(came) == len(forms)
        assert [future.result() for future in left] == [None] * len(left)

    def _register(self, person: Person) -> None:
        form = {"name": "Ana", "email": person.email, "occurrences": person.dates}
        answer = self._insist(f"/events/{person.slug}/registrations", form)
        if answer.status == 303:
            self.told.add(person.email)
            shown = self._insist(answer.leads_to)
            if shown.status != 200:
                self._complain(f"a receipt answers {shown.status}")
        elif answer.status == 409:
            self.refused.add(person.email)
        else:
            self._complain(f"a form was answered with {answer.status}")
        if person.cancels and ("manage", person.email) in self.postbox.links:
            self._cancel(person)

    def _cancel(self, person: Person) -> None:
        """As soon as the letter is there."""
        if person.email not in self.told or person.email in self.gone:
            return
        key = "manage", person.email
        until = time.monotonic() + COMES_AGAIN_FOR
        while key not in self.postbox.links:
            assert time.monotonic() < until, "the letter does not come"
            time.sleep(0.1)
        answer = self._insist(f"{self.postbox.links[key]}/cancel", {})
        if answer.status not in (303, 409):  # 409: the first try had cancelled it already
            self._complain(f"cancelling was answered with {answer.status}")
        self.gone.add(person.email)

    def _insist(self, path: str, form: Mapping[str, str | Sequence[str]] | None = None) -> Answer:
        """The first answer that is no "come again"."""
        until = time.monotonic() + COMES_AGAIN_FOR
        pause = 0.1
        while True:
            answer = self._ask(path, form)
            if answer is not None and answer.status < 500:
                return answer
            assert time.monotonic() < until, "nobody answers any more"
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def _ask(self, path: str, form: Mapping[str, str | Sequence[str]] | None) -> Answer | None:
        """None: the connection was cut, or nobody took it."""
        try:
            answer = ask(random.choice(self.house.ports), path, form)  # noqa: S311  no secret hangs on it
        except (OSError, http.client.HTTPException):
            answer = None
        with self._lock:
            self.answers[str(answer.status) if answer else "cut"] += 1
        if answer is not None and not answer.clear:
            self._complain(f"{answer.status} without a clear page")
        return answer

    def _complain(self, words: str) -> None:
        with self._lock:
            self.unclear.append(words)


def ask(port: int, path: str, form: Mapping[str, str | Sequence[str]] | None, timeout: float = 60) -> Answer:
    """POST, or GET without a form. ``clear``: whatever refuses is a page that says why, and one that is busy when."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        if form is None:
            connection.request("GET", path)
        else:
            typed = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, urlencode(form, doseq=True), typed)
        answer = connection.getresponse()
        body = answer.read()
        status = answer.status
        says_when = status != 503 or bool(answer.headers["Retry-After"])
        clear = status < 400 or (status != 500 and b"<h1" in body and says_when)
        return Answer(status, urlsplit(answer.headers.get("Location", "")).path, clear)
    finally:
        connection.close()


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[threading.Event]:
    """``work`` in a thread, again and again until the block ends; what it raises is raised here."""
    ended = threading.Event()
    errors: list[BaseException] = []

    def repeat() -> None:
        try:
            while not ended.is_set():
                work()
        except BaseException as error:  # noqa: BLE001  raised below
            errors.append(error)

    thread = threading.Thread(target=repeat, name="meanwhile")
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join()
    if errors:
        raise errors[0]
