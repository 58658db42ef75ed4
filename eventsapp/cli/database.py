"""``db`` and ``zones``: the schema, and the instants that derive from a zone's law."""

import argparse

from eventsapp.cli.application import application, now, writing
from eventsapp.cli.arguments import Commands
from eventsapp.cli.printing import moment, print_table
from eventsapp.config import Settings


def add_to(commands: Commands) -> None:
    database = commands.group("db", "move the database's schema up or down")
    upgrading = database.add("upgrade", upgrade, "bring the database to this program's version")
    upgrading.add_argument("version", nargs="?", default="head", help="a version, or head")
    downgrading = database.add("downgrade", downgrade, "go back; what only newer tables and columns hold is lost")
    downgrading.add_argument("version", nargs="?", default="-1", help="a version, -1 (one back), or base (empty)")
    database.add("current", current, "print the database's version")
    revising = database.add("revision", revision, "for developers: write a migration from what the models say")
    revising.add_argument("message", help="what changes, in a few words")
    zones = commands.group("zones", "times of coming events under the newest time-zone data")
    recomputing = zones.add("recompute", recompute_zones, "derive future times again, and list what moved")
    recomputing.add_argument("--dry-run", action="store_true", help="only list it")


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


def revision(arguments: argparse.Namespace) -> None:
    from eventsapp import migration

    with application():
        migration.write_version(arguments.message)


def recompute_zones(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.zones import recompute

    dry = arguments.dry_run
    with (application if dry else writing)() as (_, session):
        moved = recompute(session, now=now(), dry_run=dry)
    if moved:
        heads = ("event", "occurrence", "what", "zone", "was (UTC)", "is (UTC)")
        print_table(
            heads,
            [
                (one.event_slug, one.occurrence_key, one.what, one.tzid, moment(one.before_at), moment(one.after_at))
                for one in moved
            ],
        )
    print(f"{len(moved)} times {'would move; nothing was changed' if dry else 'moved'}.")
