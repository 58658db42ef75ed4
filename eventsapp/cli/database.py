"""``db`` and ``zones``: the schema, and the instants that derive from a zone's law."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed, application, event_of, now, rehearsal
from eventsapp.cli.arguments import Commands
from eventsapp.cli.printing import moment, print_table
from eventsapp.cli.telling import add_decision, decide, left_untold, show, told
from eventsapp.config import Settings

if TYPE_CHECKING:
    from eventsapp.actions.zones import Moved


def add_to(commands: Commands) -> None:
    database = commands.group("db", "move the database's schema up or down")
    upgrading = database.add("upgrade", upgrade, "bring the database to this program's version")
    upgrading.add_argument("version", nargs="?", default="head", help="a version, or head")
    downgrading = database.add("downgrade", downgrade, "go back; what only newer tables and columns hold is lost")
    downgrading.add_argument("version", nargs="?", default="-1", help="a version, -1 (one back), or base (empty)")
    database.add("recount", recount, "count all places and chosen options anew, where doctor finds the counts wrong")
    database.add("current", current, "print the database's version")
    revising = database.add("revision", revision, "for developers: write a migration from what the models say")
    revising.add_argument("message", help="what changes, in a few words")
    zones = commands.group("zones", "times of coming events under the newest time-zone data")
    recomputing = zones.add("recompute", recompute_zones, "derive future times again, and list what moved")
    add_decision(recomputing)


def upgrade(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        print(f"The database is {migration.upgrade(arguments.version).words}.")


def downgrade(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        print(f"The database is {migration.downgrade(arguments.version).words}.")


def current(_arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    print(f"The database is {migration.standing(Settings.from_environment().database_url).words}.")


def recount(_arguments: argparse.Namespace) -> None:
    from eventsapp.actions.recount import recount as count_anew
    from eventsapp.db import transaction

    with application(), transaction() as session:
        count_anew(session)
    print("Everything was counted anew.")


def revision(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        migration.write_version(arguments.message)


def recompute_zones(arguments: argparse.Namespace) -> None:
    """It is done once and taken back first, so that whoever decides has seen what it means."""
    from eventsapp.actions.outlook import look
    from eventsapp.actions.tell import tell
    from eventsapp.actions.zones import recompute
    from eventsapp.db import transaction

    with application() as (settings, _):
        with rehearsal() as session:
            moved = recompute(session, now=now())
            slugs = dict.fromkeys(one.event_slug for one in moved if one.occurrence_key)
            outlooks = [look(session, event_of(session, slug), now=now(), settings=settings) for slug in slugs]
        _print_moved(moved)
        for outlook in outlooks:
            if outlook.untold:
                print(f"{outlook.slug}:")
                show(outlook)
        if arguments.dry_run:
            print(f"{len(moved)} times would move; nothing was changed.")
            return
        telling = decide(outlooks, arguments)
        with transaction() as session:
            if recompute(session, now=now()) != moved:
                raise CommandFailed("The events changed meanwhile, so nothing was done. Run the command again.")
            for outlook in outlooks if telling else ():
                tell(session, event_of(session, outlook.slug), now=now(), settings=settings)
    print(f"{len(moved)} times moved.")
    if telling:
        told(outlooks, settings)
    else:
        left_untold(outlooks)


def _print_moved(moved: Sequence["Moved"]) -> None:
    heads = ("event", "occurrence", "what", "zone", "was (UTC)", "is (UTC)")
    rows = [
        (one.event_slug, one.occurrence_key, one.what, one.tzid, moment(one.before_at), moment(one.after_at))
        for one in moved
    ]
    if rows:
        print_table(heads, rows)
