"""A letter as the MIME message that leaves. Sends nothing."""

from email.message import EmailMessage

from eventsapp import ical
from eventsapp.drawing.qr import qr_png
from eventsapp.mail.headers import POLICY, mailbox, subject_line
from eventsapp.mail.letters import Invitation, Letter
from eventsapp.mail.rendering import render, ticket_cid


def compose(letter: Letter) -> EmailMessage:
    """The message as it leaves: mixed(alternative(text, html, calendar), invite.ics), or the alternative alone.

    With a ticket the HTML part is related(html, picture).

    The calendar part comes twice with the same bytes: as an iMIP alternative (RFC 6047), which Outlook and Gmail act
    on, and as a file, which Apple's programs open. Raises where a value cannot stand in a header.
    """
    words = render(letter)
    message = EmailMessage(policy=POLICY)
    message["From"] = mailbox(letter.sender.name, letter.sender.email)
    message["To"] = mailbox("", letter.recipient)
    if letter.reply_to:
        message["Reply-To"] = mailbox(letter.organization, letter.reply_to)
    message["Subject"] = subject_line(words.subject)
    message["Date"] = letter.written_at
    message["Message-ID"] = letter.message_id
    if letter.thread_of and letter.thread_of != letter.message_id:
        message["In-Reply-To"] = letter.thread_of
        message["References"] = letter.thread_of
    if letter.unsubscribe_url:
        _offer_to_end(message, letter.unsubscribe_url)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, NRN, AutoReply, RN"
    message["Feedback-ID"] = f"{letter.public_id}:{letter.kind}:eventsapp"
    message["X-Eventsapp-Correlation"] = letter.public_id
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    if letter.ticket_url:
        _show_ticket(message, letter)
    if letter.invitation:
        _attach(message, letter.invitation)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{letter.public_id}_{number}")  # the same on every try
    message["Content-Language"] = words.tag  # last: set_content() would move it into a part
    return message


def _show_ticket(message: EmailMessage, letter: Letter) -> None:
    """The QR code, within the HTML part: related(html, png)."""
    html = message.get_payload(1)
    assert isinstance(html, EmailMessage)  # noqa: S101  the alternative that was just added
    cid = ticket_cid(letter)
    html.add_related(qr_png(letter.ticket_url), maintype="image", subtype="png", cid=f"<{cid}>", filename="ticket.png")


def _offer_to_end(message: EmailMessage, url: str) -> None:
    """One-click unsubscribing (RFC 8058), which mail programs offer for https alone."""
    message["List-Unsubscribe"] = f"<{url}>"
    if url.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _attach(message: EmailMessage, invitation: Invitation) -> None:
    write = {"REQUEST": ical.request, "CANCEL": ical.cancel}[invitation.method]
    calendar = write(invitation.entry)
    message.add_alternative(
        calendar.decode("utf-8"), subtype="calendar", cte="base64", params={"method": invitation.method}
    )
    message.add_attachment(
        calendar, maintype="application", subtype="ics", filename="invite.ics", params={"name": "invite.ics"}
    )
