"""The letter that invites somebody into an organization's team. It is about no event."""

from eventsapp.config import Settings
from eventsapp.domain.addresses import read_address
from eventsapp.domain.entry import Party
from eventsapp.domain.links import token
from eventsapp.domain.vocabulary import Purpose
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Letter, Passage
from eventsapp.models import Invitation, Message


def invitation_url(invitation: Invitation, *, settings: Settings) -> str:
    """The page on which it is accepted. Who has the link is who reads the invited address."""
    return (
        f"{settings.base_url}/organizer/invitation/{token(settings.link_key, Purpose.INVITATION, invitation.public_id)}"
    )


def invitation_letter(message: Message, invitation: Invitation, settings: Settings) -> Letter:
    organization, by = invitation.organization, invitation.invited_by
    return Letter(
        kind=message.kind,
        public_id=message.public_id,
        message_id=message.message_id,
        thread_of=message.thread_of,
        written_at=message.created_at,
        language_tag=message.language_tag,
        tzid=organization.default_tzid,
        recipient=read_address(message.recipient or "").ascii_email,
        name="",
        reference="",
        sender=Party(settings.mail_from, organization.sender_name or organization.name),
        reply_to="",
        organization=organization.name,
        contact=organization.contact,
        event_slug="",
        event_url="",
        summary=Passage(organization.name, ""),
        what_to_bring=Passage("", ""),
        about=(),
        action_url=invitation_url(invitation, settings=settings),
        action_until=invitation.expires_at,
        asked_by=inert(by.shown_name) if by is not None else "",
        accent=organization.accent,
        privacy_url=organization.privacy_url,
        imprint_url=organization.imprint_url,
    )
