"""The command line: one function for each command, which calls what the pages call. Says an error in one sentence.

Each command imports what it needs when it runs, so that ``--help`` and the supervisor start at once.
"""

import argparse
import contextlib
import csv
import io
import logging
import os
import sys
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import MessageState, PlaceState

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.orm import Session

    from eventsapp.models import Event, Message, Registration

FAILED = 2
INTERRUPTED = 130  # what shells report for Ctrl-C and for a closed pipe
CLOSED_PIPE = 141
DAY_AND_TIME = "%Y-%m-%d %H:%M"


class CommandFailed(Exception):
    """A command cannot do what was asked. The text is what the person reads."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. The exit status is 0; 1 where ``doctor`` or ``serve`` found something wrong; 2 for an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?" for it
    arguments = parser().parse_args(argv)
    try:
        status = arguments.command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it exits
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  a person at a terminal gets a sentence, whatever happened
        if arguments.debug:
            traceback.print_exc()
        print(sentence(error), file=sys.stderr)
        return FAILED
    return status or 0


def sentence(error: Exception) -> str:
    """What a person reads of an error; a refused record is one line for each mistake."""
    from sqlalchemy.exc import DBAPIError

    from eventsapp.config import BadSetting
    from eventsapp.domain.errors import DomainError
    from eventsapp.reading.mistakes import RecordRefused

    said = (BadSetting, DomainError, RecordRefused, CommandFailed)
    if isinstance(error, said) or type(error).__module__.startswith(("eventsapp.migration", "eventsapp.serving")):
        return str(error)
    if isinstance(error, DBAPIError):
        return _database_sentence(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return f"This should not happen ({type(error).__name__}: {error}). Run it again with --debug to see where."


def _database_sentence(error: "DBAPIError") -> str:
    cause = str(error.orig).strip().partition("\n")[0]
    if type(error.orig).__name__ in ("UndefinedTable", "UndefinedColumn") or cause.startswith("no such "):
        return f"The database does not fit this program ({cause}). Make a backup, then run `eventsapp db upgrade`."
    return f"The database cannot be used ({cause}). Check EVENTSAPP_DATABASE_URL, or run `eventsapp doctor`."


@contextlib.contextmanager
def application() -> Iterator[tuple[Settings, "Session"]]:
    """The settings and a database session, with the application's context around the block. For reading."""
    from eventsapp.app import create_app
    from eventsapp.db import db

    settings = Settings.from_environment()
    with create_app(settings).app_context():
        try:
            yield settings, db.session()
        finally:
            db.session.remove()
            db.engine.dispose()


@contextlib.contextmanager
def writing() -> Iterator[tuple[Settings, "Session"]]:
    """The same, in one transaction: it is kept as a whole or not at all."""
    from eventsapp.db import transaction

    with application() as (settings, _), transaction() as session:
        yield settings, session


def now() -> datetime:
    return datetime.now(UTC)


# --- running ----------------------------------------------------------------------------------------------------------


def serve(arguments: argparse.Namespace) -> int | None:
    from eventsapp import serving, supervisor

    _log(arguments)
    if arguments.bind:
        os.environ["EVENTSAPP_BIND"] = arguments.bind
    settings = Settings.from_environment()
    serving.check_bind(settings.bind)
    if not supervisor.supervised():
        _make_ready(settings, prepare=arguments.prepare)
    size = {"workers": arguments.workers, "threads": arguments.threads}
    if arguments.no_worker:
        from eventsapp.app import create_app

        serving.serve_web(create_app(settings), bind=settings.bind, **size)
    options = [f"--{name}={value}" for name, value in size.items()]
    children = [
        supervisor.Child("web server", supervisor.program("serve", "--no-worker", *options), vital=True),
        supervisor.Child("worker", supervisor.program("worker")),
    ]
    status = supervisor.Supervisor(children, os.environ, lambda: print(serving.statement(settings, **size), flush=True))
    ended = status.run()
    print("Stopped." if ended == 0 else "Stopped, because of the error above.", flush=True)
    return ended


def worker(arguments: argparse.Namespace) -> None:
    from eventsapp import supervisor
    from eventsapp.app import create_app
    from eventsapp.worker import run

    _log(arguments)
    settings = Settings.from_environment()
    if not supervisor.supervised():
        _make_ready(settings)
    run(create_app(settings), stop=supervisor.stop_event(), once=arguments.once)


def _log(arguments: argparse.Namespace) -> None:
    level = logging.DEBUG if arguments.debug else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _make_ready(settings: Settings, *, prepare: bool = False) -> None:
    """Refuse a database that is not at this program's version; with ``prepare`` bring it there and fill a new one."""
    from eventsapp import migration

    standing = migration.standing(settings.database_url)
    if standing.at_head:
        return
    if not prepare or not standing.known:
        raise migration.BadVersion(f"The database is {standing.words}. {standing.remedy}")
    with application():
        migration.upgrade()
    if standing.current is None:
        demo(argparse.Namespace())


def demo(_arguments: argparse.Namespace) -> None:
    from eventsapp.actions.demo import load_demo

    with writing() as (settings, session):
        loaded = load_demo(session, now=now(), settings=settings)
    print(f"Loaded {len(loaded.created)} demo events, to be seen at {settings.base_url}.")
    if loaded.kept:
        print(f"Already there, and left as they are: {', '.join(loaded.kept)}.")


def doctor(_arguments: argparse.Namespace) -> int:
    from eventsapp.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok    ' if finding.ok else 'not ok'}  {finding.name}: {finding.words}")
        if not finding.ok:
            print(f"        {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 1


# --- the database -----------------------------------------------------------------------------------------------------


def db_upgrade(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        print(f"The database is {migration.upgrade(arguments.version).words}.")


def db_downgrade(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        print(f"The database is {migration.downgrade(arguments.version).words}.")


def db_current(_arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    print(f"The database is {migration.standing(Settings.from_environment().database_url).words}.")


def db_revision(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        migration.write_version(arguments.message)


def zones_recompute(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.zones import recompute

    dry = arguments.dry_run
    with (application if dry else writing)() as (_, session):
        moved = recompute(session, now=now(), dry_run=dry)
    if moved:
        heads = ("event", "occurrence", "what", "zone", "was (UTC)", "is (UTC)")
        _print_table(
            heads,
            [
                (one.event_slug, one.occurrence_key, one.what, one.tzid, _moment(one.before_at), _moment(one.after_at))
                for one in moved
            ],
        )
    print(f"{len(moved)} times {'would move; nothing was changed' if dry else 'moved'}.")


# --- records ----------------------------------------------------------------------------------------------------------


def import_records(arguments: argparse.Namespace) -> None:
    """All files or none: every mistake in every file is reported, and then nothing is taken over."""
    from eventsapp.actions.import_record import import_files

    with writing() as (settings, session):
        reports = import_files(session, arguments.files, now=now(), settings=settings, notify=arguments.notify)
    for report in reports:
        print(f"{report.slug}: {'created' if report.created else ', '.join(report.changes) or 'nothing changed'}")
        if report.promoted:
            print(f"  {report.promoted} moved up from the waiting list")
        if report.told:
            print(f"  {report.told} {'letter says' if report.told == 1 else 'letters say'} that a date is cancelled")
        for note in report.notes:
            print(f"  note: {note}")


def export(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.record import record_of
    from eventsapp.reading.writing import write_record

    with application() as (_, session):
        text = write_record(record_of(_event(session, arguments.event)))
    _print_bytes(text.encode(), arguments.output)


def schema(_arguments: argparse.Namespace) -> None:
    import json

    from eventsapp.reading.schema import json_schema

    _print_bytes((json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n").encode())


def ics(arguments: argparse.Namespace) -> None:
    from eventsapp import ical
    from eventsapp.queries.entries import page_url, public_entry, variant

    with application() as (settings, session):
        event = _event(session, arguments.event)
        wanted = [one for one in event.occurrences if arguments.occurrence in (None, one.key)]
        if not wanted:
            keys = ", ".join(one.key for one in event.occurrences)
            raise CommandFailed(f"{event.slug} has no occurrence {arguments.occurrence}; it has {keys}.")
        words = variant(event, arguments.language or event.default_language_tag)
        entries = [public_entry(one, words.language_tag, settings=settings) for one in wanted]
        url = page_url(event, words.language_tag, settings=settings)
        _print_bytes(ical.publish(entries, name=words.summary, url=url), arguments.output)


def text(arguments: argparse.Namespace) -> None:
    from eventsapp.domain.cities import city_from_text, city_key
    from eventsapp.domain.languages import canonical_tag
    from eventsapp.queries.announcements import announcement, together

    with application() as (settings, session):
        event = _event(session, arguments.event)
        tag = canonical_tag(arguments.language) if arguments.language else event.default_language_tag
        cities = [city_key(city_from_text(name, tag), tag) for name in arguments.city]
        if arguments.language:
            found = announcement(event, tag, now=now(), settings=settings, cities=cities)
        else:
            found = together(event, now=now(), settings=settings, cities=cities)
    if not found:
        raise CommandFailed(f"{arguments.event} has no dates to come.")
    _print_bytes(f"{found}\n".encode())


def _event(session: "Session", slug: str) -> "Event":
    from sqlalchemy import select

    from eventsapp.models import Event

    event = session.scalar(select(Event).where(Event.slug == slug))
    if event is None:
        raise CommandFailed(f"There is no event {slug}.")
    return event


# --- registrations and messages ---------------------------------------------------------------------------------------


def registrations_list(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.registrations import registrations_of

    heads = ("reference", "occurrence", "state", "e-mail", "name", "language", "registered (UTC)")
    with application() as (_, session):
        rows = [
            (
                registration.reference,
                place.occurrence.key,
                place.state.value,
                registration.email or "",
                registration.name or "",
                registration.language_tag,
                _moment(registration.created_at),
            )
            for registration in registrations_of(session, arguments.event, state=arguments.state)
            for place in registration.places
            if arguments.state in (None, place.state)
        ]
    _print_rows(arguments.format, heads, rows)


def registrations_count(arguments: argparse.Namespace) -> None:
    from eventsapp.domain.timezones import local
    from eventsapp.queries.counts import counts_of

    heads = ("occurrence", "date", "language", *(state.value for state in PlaceState), "people", "capacity", "left")
    with application() as (_, session):
        rows = []
        for count in counts_of(session, _event(session, arguments.event), now=now()):
            one = count.occurrence
            which = ("all dates", "", "")
            if one is not None:
                date = f"{local(one.starts_at, one.tzid).strftime(DAY_AND_TIME)} {one.tzid}"
                which = (one.key, date, one.language_tag or "all")
            limits = ("" if number is None else str(number) for number in (count.capacity, count.left))
            rows.append((*which, *(str(count.states[state]) for state in PlaceState), str(count.people), *limits))
    _print_rows(arguments.format, heads, rows)


def registrations_decide(arguments: argparse.Namespace) -> None:
    """``approve``, ``decline`` and ``cancel``: the action of that name."""
    from eventsapp.actions import places

    decide = getattr(places, arguments.decision)
    with writing() as (settings, session):
        registration = _registration(session, arguments.person, arguments.event)
        decide(session, registration.id, occurrence_key=arguments.occurrence, now=now(), settings=settings)
        session.refresh(registration)
        for place in registration.places:
            print(f"{registration.reference}  {place.occurrence.key}: {place.state}")


def registrations_erase(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.erase import erase

    with writing() as (settings, session):
        registration = _registration(session, arguments.person, arguments.event)
        erase(session, registration.id, now=now(), settings=settings)
        print(f"{registration.reference}  name, address and answers are deleted; places to come are cancelled")


def _registration(session: "Session", person: str, event: str | None) -> "Registration":
    """By reference, or by e-mail address within one event."""
    from eventsapp.domain.addresses import read_address
    from eventsapp.queries.registrations import registration_by_reference, registrations_of

    if "@" not in person:
        return registration_by_reference(session, person)
    if event is None:
        raise CommandFailed("An address may be registered for several events; add --event EVENT.")
    key = read_address(person).key
    found = [registration for registration in registrations_of(session, event) if registration.address_key == key]
    if not found:
        raise CommandFailed(f"{person} is not registered for {event}.")
    return found[0]


def messages_list(arguments: argparse.Namespace) -> None:
    from sqlalchemy import select

    from eventsapp.models import Message

    wanted = select(Message).order_by(Message.id.desc()).limit(arguments.limit)
    if arguments.state:
        wanted = wanted.where(Message.state == arguments.state)
    heads = ("message", "kind", "state", "to", "tries", "due or sent (UTC)", "what the server said")
    with application() as (_, session):
        rows = [_message_row(message) for message in session.scalars(wanted)]
    _print_rows(arguments.format, heads, rows)


def _message_row(message: "Message") -> tuple[str, ...]:
    said = " ".join(filter(None, [str(message.last_code or ""), message.last_error]))
    when = _moment(message.sent_at or message.due_at)
    kind, state = message.kind.value, message.state.value
    return (message.public_id, kind, state, message.recipient or "", str(message.attempts), when, said)


def messages_retry(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.outbox import retry

    with writing() as (settings, session):
        for public_id in arguments.messages:
            message = retry(session, public_id, now=now(), settings=settings)
            print(f"{message.public_id}  {message.kind} to {message.recipient}: {message.state}")


# --- printing ---------------------------------------------------------------------------------------------------------


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime(DAY_AND_TIME)


def _print_rows(form: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if form == "table":
        _print_table(heads, rows)
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([heads, *([_inert(cell) for cell in row] for row in rows)])
    _print_bytes(text.getvalue().encode())


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) else cell


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    for row in (heads, *rows):
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _print_bytes(data: bytes, output: str | None = None) -> None:
    """To a file, or to standard output as it is, whatever the terminal's encoding."""
    if output is not None:
        Path(output).write_bytes(data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


# --- the arguments ----------------------------------------------------------------------------------------------------

DESCRIPTION = "Registration for international, multilingual events."
EPILOG = """\
settings come from EVENTSAPP_… variables and instance/eventsapp.toml (docs/operations.md)

  eventsapp db upgrade && eventsapp serve          run it
  eventsapp import forum.yaml                      create or update an event
  eventsapp registrations list forum               who comes
  eventsapp doctor                                 what is wrong, and what to do about it
"""


def parser() -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show where an error arose")
    layout = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser("eventsapp", description=DESCRIPTION, epilog=EPILOG, formatter_class=layout)
    whole.add_argument("--debug", action="store_true", help="show where an error arose")
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = _Commands(whole, everywhere)
    _add_running(commands)
    _add_database(commands)
    _add_records(commands)
    _add_registrations(commands)
    _add_messages(commands)
    return whole


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"eventsapp {version('eventsapp')}")
        parser.exit()


class _Commands:
    """The commands below one parser; ``add`` makes one, ``group`` one that has commands of its own."""

    def __init__(self, owner: argparse.ArgumentParser, everywhere: argparse.ArgumentParser) -> None:
        self.everywhere = everywhere
        self.parsers = owner.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(self, name: str, command: object, words: str) -> argparse.ArgumentParser:
        text = words[0].upper() + words[1:] + "."
        added: argparse.ArgumentParser = self.parsers.add_parser(
            name, help=words, description=text, parents=[self.everywhere]
        )
        added.set_defaults(command=command)
        return added

    def group(self, name: str, words: str) -> "_Commands":
        return _Commands(self.add(name, None, words), self.everywhere)


def _add_running(commands: _Commands) -> None:
    serving = commands.add("serve", serve, "run the web server and the worker until Ctrl-C or SIGTERM")
    serving.add_argument("--bind", metavar="ADDRESS:PORT", help="where to listen (EVENTSAPP_BIND; 127.0.0.1:8000)")
    serving.add_argument("--workers", type=_number, default=2, metavar="N", help="web server processes (2)")
    serving.add_argument("--threads", type=_number, default=4, metavar="N", help="threads in each of them (4)")
    serving.add_argument("--no-worker", action="store_true", help="the web server alone; letters wait for a worker")
    serving.add_argument(
        "--prepare", action="store_true", help="first upgrade the database, and load the demo events into a new one"
    )
    working = commands.add("worker", worker, "send what is due until Ctrl-C or SIGTERM")
    working.add_argument("--once", action="store_true", help="do what is due now, then end")
    commands.add("demo", demo, "load the demo events, dated in the near future")
    commands.add("doctor", doctor, "check database, mail server, keys and more; exit status 1 where something is wrong")


def _add_database(commands: _Commands) -> None:
    database = commands.group("db", "move the database's schema up or down")
    upgrading = database.add("upgrade", db_upgrade, "bring the database to this program's version")
    upgrading.add_argument("version", nargs="?", default="head", help="a version, or head")
    downgrading = database.add("downgrade", db_downgrade, "go back; what only newer tables and columns hold is lost")
    downgrading.add_argument("version", nargs="?", default="-1", help="a version, -1 (one back), or base (empty)")
    database.add("current", db_current, "print the database's version")
    revising = database.add("revision", db_revision, "for developers: write a migration from what the models say")
    revising.add_argument("message", help="what changes, in a few words")
    zones = commands.group("zones", "times of coming events under the newest time-zone data")
    recomputing = zones.add("recompute", zones_recompute, "derive future times again, and list what moved")
    recomputing.add_argument("--dry-run", action="store_true", help="only list it")


def _add_records(commands: _Commands) -> None:
    importing = commands.add("import", import_records, "create or update events from record files, all or none")
    importing.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a YAML or JSON record (docs/event-record.md)"
    )
    importing.add_argument(
        "--notify",
        action="store_true",
        help="write to those who hold a place at a cancelled date and were not told yet",
    )
    exporting = commands.add("export", export, "write an event's record as YAML")
    exporting.add_argument("event", metavar="EVENT", help="the event's slug")
    exporting.add_argument("--output", metavar="FILE", help="write to this file")
    commands.add("schema", schema, "print the JSON Schema of the event record")
    calendar = commands.add("ics", ics, "print an event's public calendar file")
    calendar.add_argument("event", metavar="EVENT", help="the event's slug")
    calendar.add_argument("--occurrence", metavar="ID", help="this occurrence alone")
    calendar.add_argument("--language", metavar="TAG", help="a BCP 47 tag, such as es or pt-BR")
    calendar.add_argument("--output", metavar="FILE", help="write to this file")
    telling = commands.add("text", text, "print a text to copy into messages, with the time in several cities")
    telling.add_argument("event", metavar="EVENT", help="the event's slug")
    telling.add_argument("--language", metavar="TAG", help="this language alone, such as es or pt-BR")
    telling.add_argument(
        "--city", action="append", default=[], metavar="NAME", help="add the time in this city; may be repeated"
    )


def _add_registrations(commands: _Commands) -> None:
    registrations = commands.group("registrations", "list registrations and decide on them")
    listing = registrations.add("list", registrations_list, "list an event's registrations, oldest first")
    listing.add_argument("event", metavar="EVENT", help="the event's slug")
    listing.add_argument(
        "--state", type=PlaceState, choices=list(PlaceState), metavar="STATE", help=_one_of(PlaceState)
    )
    _add_format(listing)
    counting = registrations.add(
        "count", registrations_count, "count places by date and state; people at several dates count once in the sum"
    )
    counting.add_argument("event", metavar="EVENT", help="the event's slug")
    _add_format(counting)
    decisions = {
        "approve": "give a pending or waitlisted person the place, and write to them",
        "decline": "decline a pending person, and write to them",
        "cancel": "cancel a person's places, write to them, and let the waitlist move up",
    }
    for decision, words in decisions.items():
        deciding = registrations.add(decision, registrations_decide, words)
        deciding.set_defaults(decision=decision)
        _add_person(deciding)
        deciding.add_argument("--occurrence", metavar="ID", help="the place in this occurrence alone")
    erasing = registrations.add("erase", registrations_erase, "delete a person's data, cancel their places, for good")
    _add_person(erasing)


def _add_person(command: argparse.ArgumentParser) -> None:
    command.add_argument("person", metavar="PERSON", help="a reference, such as K7PM-2QXD, or an e-mail address")
    command.add_argument("--event", metavar="EVENT", help="the event's slug, where PERSON is an address")


def _add_messages(commands: _Commands) -> None:
    messages = commands.group("messages", "look into the outbox")
    listing = messages.add("list", messages_list, "list letters, newest first")
    listing.add_argument(
        "--state", type=MessageState, choices=list(MessageState), metavar="STATE", help=_one_of(MessageState)
    )
    listing.add_argument("--limit", type=_number, default=100, metavar="N", help="at most so many (100)")
    _add_format(listing)
    retrying = messages.add("retry", messages_retry, "send letters again")
    retrying.add_argument("messages", nargs="+", metavar="MESSAGE", help="as `messages list` shows it")


def _add_format(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("--format", choices=("table", "csv"), default="table", help="table or csv (table)")


def _one_of(words: type[PlaceState] | type[MessageState]) -> str:
    return ", ".join(word.value for word in words)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
