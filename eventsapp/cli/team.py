"""``team``: who works at an event, and what they know of it."""

import argparse
from typing import TYPE_CHECKING

from eventsapp.cli.application import application, event_of
from eventsapp.cli.arguments import Commands, add_format
from eventsapp.cli.printing import moment, print_rows
from eventsapp.domain.vocabulary import MessageState, StaffRole

if TYPE_CHECKING:
    from eventsapp.models import Assignment, Staff


def add_to(commands: Commands) -> None:
    listing = commands.add("team", list_team, "list an event's hosts, interpreters and organizers")
    listing.add_argument("event", metavar="EVENT", help="the event's slug")
    add_format(listing)


def list_team(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.staff import team_of, unreached

    heads = ("role", "e-mail", "name", "language", "zone", "occurrence", "letters", "written (UTC)")
    with application() as (_, session):
        event = event_of(session, arguments.event)
        lost = unreached(session, event)
        rows = [row for staff in team_of(session, event) for row in _rows(staff, lost.get(staff.id))]
    print_rows(arguments.format, heads, rows)


def _rows(staff: "Staff", lost: MessageState | None) -> list[tuple[str, ...]]:
    email = f"{staff.email} (last letter {lost})" if lost else staff.email
    person = (staff.role.value, email, staff.name, staff.language_tag, staff.tzid)
    if staff.role is StaffRole.ORGANIZER:
        next_one = f"next {moment(staff.digest_at)}" if staff.digest_at else ""
        return [(*person, "", f"digest: {staff.digest}", next_one)]
    in_order = sorted(staff.assignments, key=lambda one: (one.occurrence.starts_at, one.id))
    return [(*person, one.occurrence.key, _knows(one), moment(one.told_at) if one.told_at else "") for one in in_order]


def _knows(assignment: "Assignment") -> str:
    """How it stands with what the person knows of a date."""
    up_to_date = (assignment.told_sequence, assignment.told_revision) == (
        assignment.occurrence.sequence,
        assignment.revision,
    )
    if assignment.plan_at is not None:
        return "to be told"
    if assignment.ended_at is not None:
        return "relieved" if assignment.told_sequence is None else "relieved, not told"
    if assignment.told_sequence is None:
        return "not told"
    return "told" if up_to_date else "told of an earlier state"
