"""``addresses``: whom an organization does not write to any more, and how to write to them again."""

import argparse

from eventsapp.cli.application import CommandFailed, application, now, writing
from eventsapp.cli.arguments import Commands, add_format
from eventsapp.cli.printing import moment, print_rows


def add_to(commands: Commands) -> None:
    addresses = commands.group("addresses", "see which addresses are not written to, and write to them again")
    listing = addresses.add("list", list_addresses, "list addresses that are not written to, newest first")
    listing.add_argument("--organization", metavar="SLUG", help="of this organization alone")
    add_format(listing)
    lifting = addresses.add("lift", lift_address, "write to an address again")
    lifting.add_argument("address", metavar="ADDRESS", help="an e-mail address")
    lifting.add_argument("--organization", metavar="SLUG", required=True, help="the organization that writes")


def list_addresses(arguments: argparse.Namespace) -> None:
    from eventsapp.queries.returned import held_back

    heads = ("organization", "address", "reason", "since (UTC)", "what the server said")
    with application() as (settings, session):
        rows = [
            (one.organization, one.address or "(not known any more)", one.reason.value, moment(one.since), one.words)
            for one in held_back(session, settings=settings, organization=arguments.organization)
        ]
    print_rows(arguments.format, heads, rows)


def lift_address(arguments: argparse.Namespace) -> None:
    from sqlalchemy import select

    from eventsapp.actions.suppress import lift
    from eventsapp.domain.addresses import read_address
    from eventsapp.models import Organization

    address = read_address(arguments.address)
    with writing() as (settings, session):
        owner = session.scalar(select(Organization.id).where(Organization.slug == arguments.organization))
        if owner is None:
            raise CommandFailed(f"There is no organization {arguments.organization}.")
        if not lift(session, owner, address.key, now=now(), settings=settings):
            raise CommandFailed(f"{arguments.organization} keeps no letters back from {address.email}.")
        print(f"{address.email} is written to again; letters that were kept back are not sent by that.")
