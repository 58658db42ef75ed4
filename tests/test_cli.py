"""The command line as a person types it: what it prints where, and its exit status."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from contextvars import Context
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from icalendar import Calendar

from eventsapp import cli
from eventsapp.actions import outage
from eventsapp.actions.outbox import enqueue
from eventsapp.actions.revise import put_on_record
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Approval, LetterKind, MessageState, PlaceState
from eventsapp.models import Event, Message

COMMAND = [sys.executable, "-m", "eventsapp.cli"]
HOUR = timedelta(hours=1)
FUTURE = [{"key": "later", "dtstart_local": datetime(2040, 6, 13, 16, 0), "language_tag": "en"}]  # noqa: DTZ001


@pytest.fixture
def environ(settings, tmp_path):
    """The test's settings as a process would be given them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVENTSAPP_")}
    given = {f"EVENTSAPP_{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(Settings)}
    return clean | given | {"EVENTSAPP_MAIL_URL": (tmp_path / "mail").as_uri()}


@pytest.fixture
def run(environ, monkeypatch, capfd, as_logged_before):
    """``run("export", "forum")`` is the exit status, standard output and standard error."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = Context().run(cli.main, arguments)
        said = capfd.readouterr()
        return status, said.out, said.err

    return run


def table(text: str) -> list[list[str]]:
    """The rows below the heads; no cell of these tests holds two spaces."""
    return [[cell.strip() for cell in re.split(" {2,}", line)] for line in text.splitlines()[1:]]


# Records


def test_export_and_import_change_nothing(app, make, run, session, tmp_path):
    make.event()
    path = tmp_path / "forum.yaml"
    assert run("export", "forum", "--output", str(path)) == (0, "", "")
    status, said, wrong = run("export", "forum")
    assert (status, said, wrong) == (0, path.read_text(encoding="utf-8"), "")
    assert yaml.safe_load(said)["languages"]["es"]["summary"] == "Foro público"
    status, said, wrong = run("import", str(path))
    assert (status, said.splitlines()[0], wrong) == (0, "forum: nothing changed", "")
    path.write_text(path.read_text(encoding="utf-8").replace("Foro público", "Foro abierto"), encoding="utf-8")
    assert run("import", str(path))[1].splitlines()[0] == "forum: languages.es.summary"
    session.rollback()
    assert session.query(Event).one().variants[1].summary == "Foro abierto"


def test_the_event_in_the_readme_can_be_imported(app, run, tmp_path):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    path = tmp_path / "forum.yaml"
    path.write_text(re.search(r"^```yaml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)[1], encoding="utf-8")
    status, said, wrong = run("import", str(path))
    assert (status, said.splitlines()[0], wrong) == (0, "public-forum: created", "")


def test_import_refuses_all_files_for_the_mistakes_of_any(app, make, run, session, tmp_path):
    make.event()
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    run("export", "forum", "--output", str(good))
    good.write_text(good.read_text(encoding="utf-8").replace("slug: forum", "slug: another"), encoding="utf-8")
    bad.write_text("record: 1\nslug: Not a slug\noccurrences: [{id: calendar}]\n")
    status, said, wrong = run("import", str(good), str(bad), str(tmp_path / "missing.yaml"))
    assert (status, said) == (2, "")
    lines = wrong.splitlines()
    assert [line for line in lines if not line.startswith((f"{bad}:", f"{tmp_path / 'missing.yaml'}: "))] == []
    assert [line for line in lines if line.startswith(f"{bad}:2: slug: ")] != []
    assert "There is no such file." in wrong
    assert "Traceback" not in wrong
    assert [event.slug for event in session.query(Event)] == ["forum"]


def test_schema_is_json(run):
    status, said, _ = run("schema")
    assert status == 0
    assert json.loads(said)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


# Calendar files


def test_ics(app, make, run, tmp_path):
    make.event()
    status, said, wrong = run("ics", "forum")
    assert (status, wrong) == (0, "")
    assert [str(one["summary"]) for one in Calendar.from_ical(said).walk("VEVENT")] == ["Public forum", "Public forum"]
    status, said, _ = run("ics", "forum", "--occurrence", "spanish", "--language", "es-MX")
    assert [str(one["summary"]) for one in Calendar.from_ical(said).walk("VEVENT")] == ["Foro público"]
    assert "82314567890" not in said
    path = tmp_path / "forum.ics"
    assert run("ics", "forum", "--output", str(path)) == (0, "", "")
    assert path.read_bytes().endswith(b"END:VCALENDAR\r\n")


# Texts to copy


def test_text_is_what_the_page_offers(app, make, run):
    make.event(occurrences=FUTURE, languages={"en": "Public forum", "es": "Foro público"})
    status, said, wrong = run("text", "forum", "--language", "en", "--city", "houston", "--city", "Ciudad de México")
    assert (status, wrong) == (0, "")
    assert said.splitlines() == [
        "Public forum",
        "",
        "Wednesday 13 June 2040",
        "Los Angeles 16:00 · Houston 18:00 · Mexico City 17:00",
        "Held in English.",
        "",
        "https://events.example.org/en/events/forum",
    ]
    status, said, _ = run("text", "forum")
    assert (status, said.count("– – –"), said.count("https://events.example.org/es/events/forum\n")) == (0, 1, 1)


def test_text_says_what_it_cannot_do(app, make, run):
    make.event(occurrences=[{"key": "past", "dtstart_local": datetime(2020, 6, 13, 16)}])  # noqa: DTZ001
    assert run("text", "forum") == (2, "", "forum has no dates to come.\n")
    assert run("text", "forum", "--city", "Atlantis")[1] == ""
    status, _, wrong = run("text", "forum", "--city", "San José")
    assert status == 2
    assert wrong.startswith("San José may mean several places. Write one of these: ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ics", "nothing"], "There is no event nothing."),
        (["export", "nothing"], "There is no event nothing."),
        (["registrations", "list", "nothing"], "There is no event nothing."),
        (["ics", "forum", "--occurrence", "x"], "forum has no occurrence x; it has english, spanish."),
        (["registrations", "cancel", "K7PM-ZZZZ"], "There is no registration with the reference K7PM-ZZZZ."),
        (
            ["registrations", "cancel", "zoe@example.org"],
            "An address may be registered for several events; add --event EVENT.",
        ),
        (
            ["registrations", "cancel", "zoe@example.org", "--event", "forum"],
            "zoe@example.org is not registered for forum.",
        ),
        (["messages", "retry", "nothing"], "There is no message nothing."),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(app, make, run, arguments, sentence):
    make.event()
    assert run(*arguments) == (2, "", f"{sentence}\n")


# Registrations


def test_registrations_are_counted_apart_and_together(app, make, run):
    event = make.event(occurrences=[{**FUTURE[0], "capacity": 3}, {**FUTURE[0], "key": "last", "language_tag": None}])
    make.registration(event, places={"later": PlaceState.CONFIRMED, "last": PlaceState.CONFIRMED})
    make.registration(event, places={"later": PlaceState.CANCELLED, "last": PlaceState.WAITLISTED})
    status, said, wrong = run("registrations", "count", "forum", "--format", "csv")
    assert (status, wrong) == (0, "")
    heads, *rows = csv.reader(io.StringIO(said))
    states = [str(state) for state in PlaceState]
    assert heads == ["occurrence", "date", "language", *states, "people", "capacity", "left", "unreached"]
    when = "2040-06-13 16:00 America/Los_Angeles"
    assert rows == [
        ["later", when, "en", "0", "1", "0", "0", "1", "0", "1", "3", "2", "0"],
        ["last", when, "all", "0", "1", "1", "0", "0", "0", "2", "", "", "0"],
        ["all dates", "", "", "0", "2", "1", "0", "1", "0", "2", "", "", "0"],
    ]
    assert run("registrations", "count", "forum")[1].splitlines()[0].split() == heads
    assert run("registrations", "count", "nothing") == (2, "", "There is no event nothing.\n")


def test_registrations_are_listed_as_a_table(app, make, run):
    event = make.event()
    make.registration(event, email="zoe@example.com", places={"english": "confirmed", "spanish": "waitlisted"})
    make.registration(event, email="kei@example.com", name="平井 慧", language_tag="ja", places={"spanish": "pending"})
    status, said, wrong = run("registrations", "list", "forum")
    assert (status, wrong) == (0, "")
    assert table(said) == [
        ["K7PM-BBBC", "english", "confirmed", "zoe@example.com", "Zoë Muñoz", "es", "2026-03-02 12:00"],
        ["K7PM-BBBC", "spanish", "waitlisted", "zoe@example.com", "Zoë Muñoz", "es", "2026-03-02 12:00"],
        ["K7PM-BBBD", "spanish", "pending", "kei@example.com", "平井 慧", "ja", "2026-03-02 12:00"],
    ]
    assert [row[2] for row in table(run("registrations", "list", "forum", "--state", "pending")[1])] == ["pending"]


def test_registrations_as_csv_hold_no_formula(app, make, run):
    event = make.event()
    make.registration(event, email="zoe@example.com", name='=HYPERLINK("http://x","y")')
    _, said, _ = run("registrations", "list", "forum", "--format", "csv")
    heads, row = csv.reader(io.StringIO(said, newline=""))
    assert dict(zip(heads, row, strict=True)) == {
        "reference": "K7PM-BBBC",
        "occurrence": "spanish",
        "state": "confirmed",
        "e-mail": "zoe@example.com",
        "name": '\'=HYPERLINK("http://x","y")',
        "language": "es",
        "registered (UTC)": "2026-03-02 12:00",
        "letters": "",
    }


def test_a_registration_is_decided_by_reference_or_address(app, make, run, session):
    event = make.event(approval=Approval.MANUAL, occurrences=FUTURE)
    first = make.registration(event, email="zoe@example.com", places={"later": "pending"})
    second = make.registration(event, email="kei@example.com", places={"later": "pending"})
    assert run("registrations", "approve", "k7pm bbbc") == (0, "K7PM-BBBC  later: confirmed\n", "")
    decided = run("registrations", "decline", "Kei@Example.com", "--event", "forum")
    assert decided == (0, "K7PM-BBBD  later: declined\n", "")
    again = run("registrations", "decline", "K7PM-BBBD")
    assert again[::2] == (2, "Nothing in this registration can be declined. A confirmed place can be cancelled.\n")
    assert run("registrations", "cancel", "K7PM-BBBC", "--occurrence", "later")[1] == "K7PM-BBBC  later: cancelled\n"
    session.rollback()
    assert [one.places[0].state for one in (first, second)] == [PlaceState.CANCELLED, PlaceState.DECLINED]
    kinds = [message.kind for message in session.query(Message).order_by(Message.id)]
    assert kinds == [LetterKind.APPROVED, LetterKind.DECLINED, LetterKind.CANCELLED]


def test_a_person_is_forgotten_by_reference_or_address(app, make, run, session):
    event = make.event(occurrences=FUTURE)
    first = make.registration(event, email="zoe@example.com", places={"later": "confirmed"})
    make.registration(event, email="kei@example.com", places={"later": "confirmed"})
    said = "{}  name, address and answers are deleted; places to come are cancelled\n"
    assert run("registrations", "erase", "k7pm bbbc") == (0, said.format("K7PM-BBBC"), "")
    assert run("registrations", "erase", "kei@example.com", "--event", "forum") == (0, said.format("K7PM-BBBD"), "")
    assert run("registrations", "erase", "K7PM-BBBC")[::2] == (2, "There is no such registration.\n")
    session.rollback()
    assert (first.email, first.name, first.places[0].state) == (None, None, PlaceState.CANCELLED)


# Letters


@pytest.fixture
def letter(app, make, settings, now):
    registration = make.registration(make.event())
    with transaction() as session:
        session.add(registration)
        message = enqueue(session, registration, LetterKind.CONFIRMATION, now=now, settings=settings)
        message.state = MessageState.FAILED
        message.last_code, message.last_error, message.attempts = 550, "5.1.1 no such user", 1
    return message


def test_messages_are_listed_with_the_server_s_words_and_sent_again(run, letter, session):
    status, said, wrong = run("messages", "list", "--state", "failed", "--format", "csv")
    assert (status, wrong) == (0, "")
    assert list(csv.reader(io.StringIO(said)))[1] == [
        letter.public_id,
        "confirmation",
        "failed",
        "person1@example.com",
        "1",
        "2026-03-02 12:00",
        "550 5.1.1 no such user",
    ]
    assert run("messages", "retry", letter.public_id) == (
        0,
        f"{letter.public_id}  confirmation to person1@example.com: queued\n",
        "",
    )
    assert table(run("messages", "list", "--state", "failed")[1]) == []


def test_a_letter_is_shown_with_all_that_is_known_of_it(run, letter):
    status, said, wrong = run("messages", "show", letter.public_id)
    assert (status, wrong) == (0, "")
    assert dict(line.split(maxsplit=1) for line in said.splitlines() if not line.startswith("server")) == {
        "message": letter.public_id,
        "Message-ID": letter.message_id,
        "kind": "confirmation",
        "state": "failed",
        "event": "forum",
        "reader": "K7PM-BBBC",
        "to": "person1@example.com",
        "language": "es",
        "priority": "0",
        "tries": "1",
        "written": "2026-03-02 12:00 UTC",
    }
    assert "server said  550 5.1.1 no such user" in said
    assert run("messages", "show", "nothing") == (2, "", "There is no message nothing.\n")


def test_all_dead_letters_of_an_event_are_sent_again(run, letter, make):
    make.event("another", occurrences=FUTURE)
    assert run("messages", "retry")[::2] == (
        2,
        "Name the messages to send again, or a state: `eventsapp messages retry --state failed`.\n",
    )
    nothing = (0, "There is no such letter that could be sent.\n", "")
    assert run("messages", "retry", "--state", "failed", "--event", "another") == nothing
    assert table(run("messages", "list", "--event", "another")[1]) == []
    again = run("messages", "retry", "--state", "failed", "--event", "forum")
    assert again == (0, f"{letter.public_id}  confirmation to person1@example.com: queued\n", "")
    assert len(table(run("messages", "list", "--event", "forum", "--state", "queued")[1])) == 1
    with pytest.raises(SystemExit):
        run("messages", "retry", "--state", "sent")


def test_an_outage_is_said_beside_the_list_and_by_the_doctor(run, letter, now):
    with transaction() as session:
        outage.turned_away(session, sure=True, now=now, code=535, words="5.7.8 bad password")
    status, said, wrong = run("messages", "list", "--format", "csv")
    assert (status, said.count("\n")) == (0, 2)
    assert wrong.startswith("The mail server has turned us away since 2026-03-02 12:00 UTC: 535 5.7.8 bad password.")
    assert "turned us away since 2026-03-02 12:00 UTC: 535 5.7.8 bad password" in run("doctor")[1]


def test_the_worker_sends_what_is_due(run, letter, environ, tmp_path):
    run("messages", "retry", letter.public_id)
    done = subprocess.run([*COMMAND, "worker", "--once"], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"confirmation {letter.public_id}: accepted" in done.stderr
    assert "person1" not in done.stderr
    assert [path.suffix for path in (tmp_path / "mail").iterdir()] == [".eml"]
    assert table(run("messages", "list", "--state", "sent")[1]) != []


# Zones, database, help


def test_zones_recompute_lists_what_moved(app, make, run, session):
    event = make.event(occurrences=FUTURE)
    assert run("zones", "recompute") == (0, "0 times moved.\n", "")
    right = event.occurrences[0].starts_at
    with transaction() as writing:
        writing.get(Event, event.id).occurrences[0].starts_at -= HOUR  # as an older release of the zone data had it
    for arguments, last in ((["--dry-run"], "1 times would move; nothing was changed."), ([], "1 times moved.")):
        status, said, _ = run("zones", "recompute", *arguments)
        assert status == 0
        assert said.splitlines()[1].split()[:4] == ["forum", "later", "starts", "America/Los_Angeles"]
        assert said.splitlines()[-1] == last
    session.rollback()
    assert event.occurrences[0].starts_at == right


def test_the_demo_can_be_loaded_twice(app, run):
    status, said, _ = run("demo")
    assert (status, said) == (0, "Loaded 10 demo events, to be seen at https://events.example.org.\n")
    status, said, _ = run("demo")
    assert said.splitlines()[0] == "Loaded 0 demo events, to be seen at https://events.example.org."


@pytest.mark.parametrize("command", [["demo"], ["messages", "list"], ["export", "forum"]])
def test_a_database_without_tables_is_said_with_the_remedy(run, command):
    status, said, wrong = run(*command)
    assert (status, said) == (2, "")
    assert wrong.endswith("Make a backup, then run `eventsapp db upgrade`.\n")
    assert wrong.count("\n") == 1


def test_a_database_that_is_away_is_said_in_a_sentence(run, monkeypatch):
    monkeypatch.setenv("EVENTSAPP_DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/events")
    status, said, wrong = run("messages", "list")
    assert (status, said, wrong.count("\n")) == (2, "", 1)
    assert wrong.startswith("The database cannot be used (")
    assert "hidden" not in wrong


def test_a_bad_setting_is_said_in_a_sentence(run, monkeypatch):
    monkeypatch.setenv("EVENTSAPP_BASE_URL", "events.example.org")
    status, said, wrong = run("demo")
    assert (status, said, wrong.count("\n")) == (2, "", 1)
    assert wrong.startswith("EVENTSAPP_BASE_URL: ")


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(app, make, run, tmp_path):
    make.event()
    path = tmp_path / "missing" / "forum.yaml"
    assert run("export", "forum", "--output", str(path)) == (2, "", f"{path}: No such file or directory.\n")


def test_debug_shows_where(run, monkeypatch):
    monkeypatch.setenv("EVENTSAPP_BASE_URL", "events.example.org")
    assert "Traceback" in run("--debug", "demo")[2]
    assert "Traceback" in run("demo", "--debug")[2]


def test_db_upgrade_current_downgrade(run):
    at_head = run("db", "upgrade")[1]
    assert at_head.startswith("The database is at version ")
    assert run("db", "current") == (0, at_head, "")
    assert run("db", "downgrade", "base")[1].startswith("The database is new and needs version ")
    status, _, wrong = run("db", "downgrade", "nowhere")
    assert (status, wrong) == (2, "The database was left as it is: Can't locate revision identified by 'nowhere'.\n")


def commands(parser, path=()):
    """Every command and group below a parser."""
    yield path
    for action in parser._actions:
        for name, below in (action.choices or {}).items() if hasattr(action, "_name_parser_map") else ():
            yield from commands(below, (*path, name))


ALL = list(commands(cli.parser()))


def test_all_commands_are_there():
    assert {" ".join(path) for path in ALL} >= {
        *("serve", "worker", "db upgrade", "db downgrade", "db current", "demo", "import", "export", "schema", "ics"),
        *("registrations list", "registrations approve", "registrations decline", "registrations cancel"),
        "registrations erase",
        *("messages list", "messages show", "messages retry", "zones recompute", "doctor"),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_explains_every_command_and_argument(path, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([*path, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: eventsapp {' '.join(path)}".rstrip())
    parser = cli.parser()
    for name in path:
        parser = next(one for one in parser._actions if hasattr(one, "_name_parser_map")).choices[name]
    assert [action.dest for action in parser._actions if not action.help and action.metavar != "COMMAND"] == []


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["ics"], ["registrations"], ["serve", "--workers", "0"]])
def test_a_wrong_command_line_is_explained(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: eventsapp")


# As a process


def test_version_and_a_closed_pipe_and_a_poor_terminal(app, make, environ):
    event = make.event(languages={"ja": "公開フォーラム"})
    for _ in range(3):
        make.registration(event, name="平井 慧")

    def shell(line: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        line = line.replace("eventsapp", f"{sys.executable} -m eventsapp.cli")
        return subprocess.run(["bash", "-c", line], env=environ | more, capture_output=True, check=False)

    assert shell("eventsapp --version").stdout.startswith(b"eventsapp 0.")
    closed = shell("set -o pipefail; eventsapp schema | head -c 1")
    assert (closed.stdout, closed.stderr) == (b"{", b"")
    poor = shell("eventsapp registrations list forum", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (poor.returncode, poor.stderr) == (0, b"")
    assert b"?? ?" in poor.stdout
    whole = shell("eventsapp export forum", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert "公開フォーラム".encode() in whole.stdout


# Telling people of changes


@pytest.fixture
def moved(make, run, tmp_path):
    """A record that moves the date of two people by an hour; the path of its file."""
    event = make.event(occurrences=FUTURE)
    make.registration(event, language_tag="en", tzid="Europe/London")
    make.registration(event, language_tag="es")
    path = tmp_path / "forum.yaml"
    run("export", "forum", "--output", str(path))
    path.write_text(path.read_text(encoding="utf-8").replace("16:00", "17:00"), encoding="utf-8")
    return str(path)


def standing(session) -> tuple[int, bool, str]:
    """The sequence of the date, whether its people are to be told, and its wall time."""
    session.rollback()
    one = session.query(Event).one().occurrences[0]
    session.refresh(one)
    return one.sequence, one.tell_at is not None, one.dtstart_local.strftime("%H:%M")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


UNTOUCHED, QUIETLY, TOLD = (0, False, "16:00"), (1, False, "17:00"), (1, True, "17:00")
UNDECIDED = "Nothing was changed. Add --notify to write to these people, or --quiet to write to nobody.\n"


def test_a_change_that_concerns_people_needs_a_word_about_them(app, moved, run, session):
    status, said, wrong = run("import", moved)
    assert (status, wrong) == (2, UNDECIDED)
    lines = said.splitlines()
    assert lines[0] == "forum: occurrences.later.start"
    assert "  2 people hold a place that this changes: en 1, es 1" in lines
    assert "  en: New time: Public forum, Thursday 14 June 2040, 1:00 am" in lines
    assert [line.partition(":")[0] for line in lines if line.startswith(("  en:", "  es:"))] == ["  en", "  es"]
    assert "    |   Before: Thursday 14 June 2040, 12:00 am – 1:00 am" in lines
    assert re.findall("/manage/.*", said) == ["/manage/…", "/manage/…"]
    assert standing(session) == UNTOUCHED


@pytest.mark.parametrize(
    ("flags", "after", "last"),
    [
        (["--notify"], TOLD, "2 people are written to. The letters leave in 20 seconds, by the worker."),
        (["--quiet"], QUIETLY, "Nobody was written to. `eventsapp notify forum` does that."),
        (["--dry-run"], UNTOUCHED, "Nothing was changed."),
        (["--notify", "--dry-run"], UNTOUCHED, "Nothing was changed."),
    ],
    ids=["notify", "quiet", "dry", "dry notify"],
)
def test_the_flags_decide(moved, run, session, flags, after, last):  # noqa: PLR0917  three are its cases
    status, said, wrong = run("import", moved, *flags)
    assert (status, said.splitlines()[-1], wrong) == (0, last, "")
    assert standing(session) == after
    assert session.query(Message).count() == 0


@pytest.mark.parametrize(
    ("flags", "answers", "after"),
    [
        ([], "t\n", TOLD),
        ([], "what?\nq\n", QUIETLY),
        ([], "s\n", UNTOUCHED),
        ([], "", UNTOUCHED),
        (["--notify"], "y\n", TOLD),
        (["--notify"], "n\n", UNTOUCHED),
        (["--notify", "--yes"], "", TOLD),
    ],
)
def test_whoever_sits_at_a_terminal_is_asked(moved, run, session, monkeypatch, flags, answers, after):  # noqa: PLR0917  as above
    monkeypatch.setattr(sys, "stdin", Terminal(answers))
    status, _, wrong = run("import", moved, *flags)
    assert (status, wrong) == ((2, "Nothing was changed.\n") if after == UNTOUCHED else (0, ""))
    assert standing(session) == after


def test_both_flags_contradict_each_other(run, moved):
    with pytest.raises(SystemExit):
        run("import", moved, "--notify", "--quiet")


def test_what_concerns_nobody_needs_no_flag(app, moved, run, session):
    run("import", moved, "--quiet")
    path = Path(moved)
    path.write_text(path.read_text(encoding="utf-8").replace("17:00", "17:00\n    capacity: 9"), encoding="utf-8")
    status, said, wrong = run("import", moved)
    assert (status, wrong) == (0, "")
    assert said.splitlines() == [
        "forum: occurrences.later.capacity",
        "Nobody was written to. `eventsapp notify forum` does that.",
    ]
    assert standing(session) == QUIETLY


def test_what_was_done_quietly_can_be_told_later(app, moved, run, session):
    assert run("notify", "forum") == (0, "Everybody was told how the dates of forum stand.\n", "")
    run("import", moved, "--quiet")
    status, said, _ = run("notify", "forum", "--dry-run")
    assert (status, said.splitlines()[1]) == (0, "  2 people hold a place that this changes: en 1, es 1")
    assert standing(session) == QUIETLY
    status, said, _ = run("notify", "forum")
    assert (status, said.splitlines()[-1]) == (
        0,
        "2 people are written to. The letters leave in 20 seconds, by the worker.",
    )
    assert standing(session) == TOLD


def test_one_decision_holds_for_all_files(make, moved, run, session, tmp_path):
    other = make.event("other", occurrences=FUTURE)
    make.registration(other)
    path = tmp_path / "other.yaml"
    run("export", "other", "--output", str(path))
    path.write_text(path.read_text(encoding="utf-8").replace("16:00", "18:00"), encoding="utf-8")
    assert run("import", moved, str(path))[0] == 2
    status, said, _ = run("import", moved, str(path), "--notify")
    assert (status, said.splitlines()[-1].partition(".")[0]) == (0, "3 people are written to")
    session.rollback()
    assert [one.tell_at is not None for event in session.query(Event) for one in event.occurrences] == [True, True]


def test_a_zone_law_asks_the_same(app, make, run, session):
    event = make.event(occurrences=FUTURE)
    make.registration(event)
    with transaction() as writing:
        late = writing.get(Event, event.id).occurrences[0]
        late.starts_at, late.ends_at = late.starts_at - HOUR, late.ends_at - HOUR
        put_on_record(writing, late, now=late.created_at)
    status, said, wrong = run("zones", "recompute")
    assert (status, wrong) == (2, UNDECIDED)
    assert "  1 person holds a place that this changes: es 1" in said.splitlines()
    assert standing(session)[0] == 0
    assert run("zones", "recompute", "--notify")[0] == 0
    assert standing(session) == (1, True, "16:00")
