"""``create-organizer``: somebody who signs in and works for an organization. And the owner of the demo's."""

import argparse
import getpass
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed, application, now, writing
from eventsapp.cli.arguments import Commands
from eventsapp.config import Settings, bind_host, is_loopback
from eventsapp.domain.vocabulary import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from eventsapp.models import Organization

DEMO_OWNER = "olga@example.com"
DEMO_PASSWORD = "demo-organizer"  # noqa: S105  the name of a file in the instance folder


def add_to(commands: Commands) -> None:
    creating = commands.add(
        "create-organizer", create, "let somebody sign in and work for an organization, which is made if need be"
    )
    creating.add_argument("email", metavar="ADDRESS", help="what they sign in with")
    creating.add_argument("--organization", metavar="SLUG", required=True, help="the organization's short name")
    creating.add_argument("--organization-name", metavar="NAME", help="of a new organization (its short name)")
    creating.add_argument("--name", metavar="NAME", default="", help="of the person")
    creating.add_argument("--role", choices=[role.value for role in Role], default=Role.OWNER.value, help="(owner)")
    creating.add_argument("--language", metavar="TAG", default="en", help="of pages and letters to them (en)")
    way = creating.add_mutually_exclusive_group()
    way.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password; without it you are asked")
    way.add_argument("--link", action="store_true", help="print a link by which they choose a password themselves")


def create(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.account import create_organizer, hand_over_reset
    from eventsapp.domain.addresses import read_address
    from eventsapp.domain.languages import canonical_tag
    from eventsapp.queries.accounts import new_password_url, user_by_address

    address = read_address(arguments.email)
    language_tag = canonical_tag(arguments.language)
    with application() as (_settings, session):
        known = user_by_address(session, address.key) is not None
        hashed = None if known or arguments.link else _hashed(_password(arguments.password_file), address.email)
    with writing() as (settings, session):
        organization = _organization(session, arguments)
        user = create_organizer(
            session,
            address,
            organization,
            role=Role(arguments.role),
            name=arguments.name,
            language_tag=language_tag,
            hashed=hashed,
            now=now(),
        )
        if arguments.link:
            message = hand_over_reset(session, user, now=now(), settings=settings)
            print(new_password_url(message, settings=settings))
            print("Whoever opens this link within 7 days chooses the password; it works once.")
        elif known:
            print(f"{address.email} has an account already; its password stays as it is.")
        print(f"{address.email} signs in at {settings.base_url}/organizer/ and works for {organization.name}.")


def demo_words(settings: Settings) -> str:
    """How one signs in to the demo: an owner is made with a password that lies in the instance folder.

    An empty text where there is no demo, other machines can reach this one, or the password was changed.
    """
    kept = settings.instance_path / DEMO_PASSWORD
    if not kept.exists() or not is_loopback(bind_host(settings.bind)) or not is_loopback(settings.host):
        return ""
    from flask_security import verify_password

    from eventsapp.queries.accounts import user_by_address

    with application() as (_settings, session):
        user = user_by_address(session, DEMO_OWNER)
        password = kept.read_text(encoding="ascii").strip()
        if user is None or not password or not user.password or not verify_password(password, user.password):
            return ""
    return f"{settings.base_url}/organizer/ — {DEMO_OWNER} / {password}"


def make_demo_owner() -> None:
    """Somebody who owns what the demo made. The password is another one in each instance."""
    from sqlalchemy import select

    from eventsapp.actions.account import create_organizer
    from eventsapp.domain.addresses import read_address
    from eventsapp.models import Event, Organization

    settings = Settings.from_environment()
    if not is_loopback(bind_host(settings.bind)):
        return
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    with application():
        hashed = _hashed(password, DEMO_OWNER)
    with writing() as (settings, session):
        owners = (
            select(Organization).where(Organization.id.in_(select(Event.organization_id))).order_by(Organization.id)
        )
        for organization in session.scalars(owners).all():
            create_organizer(
                session,
                read_address(DEMO_OWNER),
                organization,
                role=Role.OWNER,
                name="Olga",
                language_tag="en",
                hashed=hashed,
                now=now(),
            )
    handle = os.open(settings.instance_path / DEMO_PASSWORD, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(password)


def _organization(session: "Session", arguments: argparse.Namespace) -> "Organization":
    from sqlalchemy import select

    from eventsapp.models import Organization
    from eventsapp.reading.fields import slugified

    if arguments.organization != slugified(arguments.organization):
        meant = slugified(arguments.organization) or "example-league"
        raise CommandFailed(f"An organization's short name has letters a–z, digits and hyphens, for example {meant}.")
    organization = session.scalar(select(Organization).where(Organization.slug == arguments.organization))
    if organization is None:
        organization = Organization(
            slug=arguments.organization,
            name=arguments.organization_name or arguments.organization,
            contact=arguments.email,
            default_language_tag=arguments.language,
            created_at=now(),
        )
        session.add(organization)
        session.flush()
    return organization


def _password(file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").strip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandFailed("The two are not the same; nothing was made.")
    return password


def _hashed(password: str, email: str) -> str:
    from flask import current_app
    from flask_security import hash_password

    wrong, normal = current_app.extensions["security"].password_util.validate(password, is_register=True, email=email)
    if wrong:
        raise CommandFailed(wrong[0])
    return str(hash_password(normal))
