"""``import``, ``notify``, ``export``, ``schema``, ``ics`` and ``text``: an event as files and as words."""

import argparse
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed, application, event_of, now, rehearsal
from eventsapp.cli.arguments import Commands
from eventsapp.cli.printing import print_bytes
from eventsapp.cli.telling import (
    add_confirmation,
    add_decision,
    confirm,
    decide,
    left_untold,
    show,
    told,
)
from eventsapp.config import Settings

if TYPE_CHECKING:
    from eventsapp.actions.import_record import ImportReport
    from eventsapp.actions.outlook import Outlook


def add_to(commands: Commands) -> None:
    importing = commands.add("import", import_records, "create or update events from record files, all or none")
    importing.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a YAML or JSON record (docs/event-record.md)"
    )
    add_decision(importing)
    notifying = commands.add("notify", notify, "write to those who do not know yet how a date of an event stands")
    notifying.add_argument("event", metavar="EVENT", help="the event's slug")
    add_confirmation(notifying)
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


def import_records(arguments: argparse.Namespace) -> None:
    """All files or none: every mistake in every file is reported, and then nothing is taken over.

    What it would do is done once and taken back first, so that whoever decides has seen it, and no one waits meanwhile.
    """
    from eventsapp.actions.import_record import import_files
    from eventsapp.actions.tell import tell
    from eventsapp.db import transaction

    with application() as (settings, _):
        reports, outlooks = _outlook(arguments.files, now(), settings)
        for report, outlook in zip(reports, outlooks, strict=True):
            _show(report)
            if outlook.news or arguments.notify:
                show(outlook)
        if arguments.dry_run:
            print("Nothing was changed.")
            return
        telling = decide(outlooks, arguments)
        at = now()  # an answer may have taken its time
        with transaction() as session:
            done = import_files(session, arguments.files, now=at, settings=settings)
            if [one.changes for one in done] != [one.changes for one in reports]:
                raise CommandFailed("The event changed meanwhile, so nothing was done. Run the command again.")
            for outlook in outlooks if telling else ():
                tell(session, event_of(session, outlook.slug), now=at, settings=settings)
    if telling:
        told(outlooks, settings)
    else:
        left_untold(outlooks)


def _outlook(files: list[Path], at: datetime, settings: Settings) -> tuple[list["ImportReport"], list["Outlook"]]:
    from eventsapp.actions.import_record import import_files
    from eventsapp.actions.outlook import look

    with rehearsal() as session:
        reports = import_files(session, files, now=at, settings=settings, rehearse=True)
        outlooks = []
        for report in reports:
            outlook = look(session, event_of(session, report.slug), now=at, settings=settings)
            new = set(report.revised) & set(outlook.untold.by_occurrence)
            new_to_staff = outlook.untold.staff and (report.created or report.changes)
            outlooks.append(replace(outlook, news=bool(new or new_to_staff)))
    return reports, outlooks


def _show(report: "ImportReport") -> None:
    print(f"{report.slug}: {'created' if report.created else ', '.join(report.changes) or 'nothing changed'}")
    if report.promoted:
        print(f"  {report.promoted} moved up from the waiting list")
    for note in report.notes:
        print(f"  note: {note}")


def notify(arguments: argparse.Namespace) -> None:
    """For changes that were made quietly before."""
    from eventsapp.actions.outlook import look
    from eventsapp.actions.places import take_event
    from eventsapp.actions.tell import tell
    from eventsapp.db import transaction

    with application() as (settings, _):
        with rehearsal() as session:
            event = take_event(session, event_of(session, arguments.event).id)
            outlook = look(session, event, now=now(), settings=settings)
        if not outlook.untold:
            print(f"Everybody was told how the dates of {arguments.event} stand.")
            return
        print(f"{arguments.event}:")
        show(outlook)
        if arguments.dry_run:
            print("Nobody was written to.")
            return
        confirm(arguments)
        with transaction() as session:
            tell(session, event_of(session, arguments.event), now=now(), settings=settings)
    told([outlook], settings)


def export(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.record import record_of
    from eventsapp.reading.writing import write_record

    with application() as (_, session):
        text = write_record(record_of(event_of(session, arguments.event)))
    print_bytes(text.encode(), arguments.output)


def schema(_arguments: argparse.Namespace) -> None:
    import json

    from eventsapp.reading.schema import json_schema

    print_bytes((json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n").encode())


def ics(arguments: argparse.Namespace) -> None:
    from eventsapp import ical
    from eventsapp.queries.entries import page_url, public_entry, variant

    with application() as (settings, session):
        event = event_of(session, arguments.event)
        wanted = [one for one in event.occurrences if arguments.occurrence in (None, one.key)]
        if not wanted:
            keys = ", ".join(one.key for one in event.occurrences)
            raise CommandFailed(f"{event.slug} has no occurrence {arguments.occurrence}; it has {keys}.")
        words = variant(event, arguments.language or event.default_language_tag)
        entries = [public_entry(one, words.language_tag, settings=settings) for one in wanted]
        url = page_url(event, words.language_tag, settings=settings)
        print_bytes(ical.publish(entries, name=words.summary, url=url), arguments.output)


def text(arguments: argparse.Namespace) -> None:
    from eventsapp.domain.cities import city_from_text, city_key
    from eventsapp.domain.languages import canonical_tag
    from eventsapp.queries.announcements import announcement, together

    with application() as (settings, session):
        event = event_of(session, arguments.event)
        tag = canonical_tag(arguments.language) if arguments.language else event.default_language_tag
        cities = [city_key(city_from_text(name, tag), tag) for name in arguments.city]
        if arguments.language:
            found = announcement(event, tag, now=now(), settings=settings, cities=cities)
        else:
            found = together(event, now=now(), settings=settings, cities=cities)
    if not found:
        raise CommandFailed(f"{arguments.event} has no dates to come.")
    print_bytes(f"{found}\n".encode())
