"""The client: kept connections, and how long each answer took. Its own CPU is counted nowhere."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from bench.processes import Broken

KEPT = 1.0  # seconds: gunicorn closes a connection that is idle for two
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate, br",
    "Sec-Fetch-Site": "same-origin",
}
CSRF_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


@dataclass
class Client:
    """One kept connection."""

    port: int
    cookie: str = ""
    _connection: http.client.HTTPConnection | None = None
    _used_at: float = 0.0

    def get(self, path: str, expect: int = 200, **headers: str) -> Answer:
        return self._ask("GET", path, None, expect, headers)

    def post(self, path: str, form: Mapping[str, str], expect: int = 303, **headers: str) -> Answer:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", path, urlencode(form), expect, headers)

    def _ask(self, method: str, path: str, body: str | None, expect: int, headers: Mapping[str, str]) -> Answer:
        if self._connection is None or time.monotonic() - self._used_at > KEPT:
            self.close()
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            self._connection.connect()
        sent = BROWSER | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent["Cookie"] = self.cookie
        began = time.perf_counter()
        self._connection.request(method, path, body, sent)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - began
        self._used_at = time.monotonic()
        if answer.will_close:
            self.close()
        if answer.status != expect:
            raise Broken(f"{method} {path} was answered with {answer.status}, not {expect}:\n{content[:2000]!r}")
        return Answer(answer.status, answer.headers, content, seconds)

    def sign_in(self, email: str, password: str) -> None:
        """As an organizer does in a browser; the cookie is kept."""
        page = self.get("/organizer/sign-in")
        self._keep(page)
        token = CSRF_TOKEN.search(page.body.decode())
        if token is None:
            raise Broken("The page for signing in has no token")
        form = {"email": email, "password": password, "csrf_token": token[1]}
        self._keep(self.post("/organizer/sign-in", form))

    def _keep(self, answer: Answer) -> None:
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = header.partition(";")[0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


Task = Callable[[Client], Mapping[str, float]]  # one operation; seconds by the name of each step in it


@dataclass
class Driven:
    """What came of a number of operations."""

    operations: int = 0
    wall: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict)


def drive(port: int, tasks: Sequence[Task], connections: int, cookie: str = "") -> Driven:
    """Do all tasks over so many connections, each of them one after the other. The first mistake ends it."""
    done = Driven(len(tasks))
    todo = iter(tasks)
    lock = threading.Lock()
    errors: list[BaseException] = []

    def work() -> None:
        client = Client(port, cookie)
        try:
            while not errors:
                with lock:
                    task = next(todo, None)
                if task is None:
                    return
                steps = task(client)
                with lock:
                    for name, seconds in steps.items():
                        done.latencies.setdefault(name, []).append(seconds)
        except BaseException as error:  # noqa: BLE001  raised again below
            errors.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.wall = time.perf_counter() - began
    if errors:
        raise errors[0]
    return done


def getting(path: str, *, expect: int = 200, **headers: str) -> Task:
    return lambda client: {"": client.get(path, expect, **headers).seconds}


def form_for(name: str, number: int, key: str) -> dict[str, str]:
    """What somebody new sends; each has a mail domain of their own, so that no limit of one domain is met."""
    return {
        "name": f"Zoë Muñoz {number}",
        "email": f"{name}@{name}.example.com",
        "occurrences": key,
        "language": ("en", "es")[number % 2],
        "time_zone": ("New York", "Madrid", "Mexico City", "Tokyo")[number % 4],
        "homepage": "",
    }


def registering(slug: str, name: str, number: int, *, whole: bool, posted: dict[str, float]) -> Task:
    """The page, the form, the receipt, as a browser asks for them (without pictures and style sheets); or the form
    alone. ``posted`` gets the moment of the answer by address."""

    def task(client: Client) -> Mapping[str, float]:
        form = form_for(name, number, f"date-{number % 2}")
        page = client.get(f"/events/{slug}").seconds if whole else 0.0
        post = client.post(f"/events/{slug}/registrations", form)
        posted[form["email"]] = time.monotonic()
        if not whole:
            return {"": post.seconds}
        receipt = client.get(urlsplit(post.headers["Location"]).path)
        return {"page": page, "POST": post.seconds, "receipt": receipt.seconds}

    return task
