"""``backup`` and ``restore``: an instance over SQLite, into one file and out of it."""

import argparse
import os
from pathlib import Path

from eventsapp.cli.application import now
from eventsapp.cli.arguments import Commands
from eventsapp.cli.printing import moment
from eventsapp.config import Settings


def add_to(commands: Commands) -> None:
    making = commands.add(
        "backup", make, "write database, keys, pictures and settings to one file, while all of it runs"
    )
    making.add_argument("file", type=Path, metavar="FILE.tar.gz", help="is not there yet")
    restoring = commands.add(
        "restore", restore, "put what `backup` wrote in its place; servers and workers are stopped"
    )
    restoring.add_argument("file", type=Path, metavar="FILE.tar.gz", help="as `backup` wrote it")
    restoring.add_argument("--replace", action="store_true", help="put a database that is there aside")


def make(arguments: argparse.Namespace) -> None:
    from eventsapp import backup
    from eventsapp.instance import at_work

    settings = Settings.from_environment()
    with at_work(settings.instance_path):
        made = backup.make(settings, arguments.file, now=now())
    print(f"{made.path}: {made.size / 1_000_000:.1f} MB, with {made.pictures} pictures.")
    print("It holds the keys and everybody's data: keep it as safe as a password.")


def restore(arguments: argparse.Namespace) -> None:
    from eventsapp import backup

    done = backup.restore(arguments.file, os.environ, replace=arguments.replace, now=now())
    print(f"Restored into {done.instance}, as it was on {moment(done.made_at)} UTC.")
    if done.replaced is not None:
        print(f"What was there before lies in {done.replaced}; delete it when all is well.")
    print(f"The database is {done.standing.words}. {'' if done.standing.at_head else done.standing.remedy}".rstrip())
    print("Run `eventsapp doctor` next. The worker sends letters again that left after the backup was made.")
