"""Mails that come back, as mail servers and calendars write them."""

from email.message import EmailMessage
from email.policy import SMTP


def delivery_status(
    *,
    to: str = "events@example.org",
    recipient: str = "zoe@example.com",
    action: str = "failed",
    status: str = "5.1.1",
    diagnosis: str = "smtp; 550 5.1.1 <zoe@example.com>: Recipient address rejected: User unknown",
    returned: str = "",
    final: str = "",
) -> bytes:
    """RFC 3464 as Postfix writes it. ``returned``: the heads of the letter that is given back."""
    fields = [
        *(f"Final-Recipient: rfc822; {final or recipient}", f"Original-Recipient: rfc822;{recipient}"),
        *(f"Action: {action}", f"Status: {status}", f"Diagnostic-Code: {diagnosis}"),
    ]
    return "\r\n".join(
        [
            *("Return-Path: <>", f"Delivered-To: {to}", "From: MAILER-DAEMON@mx.example.com (Mail Delivery System)"),
            *(f"To: {to}", "Subject: Undelivered Mail Returned to Sender", "Auto-Submitted: auto-replied"),
            *("MIME-Version: 1.0", "Content-Type: multipart/report; report-type=delivery-status; boundary=B", ""),
            *("--B", "Content-Type: text/plain", "", f"I'm sorry to tell you that {recipient} has no mailbox.", ""),
            *("--B", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.com", ""),
            *(*fields, "", "--B", "Content-Type: text/rfc822-headers", "", returned, "--B--", ""),
        ]
    ).encode()


def complaint(*, to: str = "abuse@example.org", recipient: str = "zoe@example.com", returned: str = "") -> bytes:
    """RFC 5965."""
    return "\r\n".join(
        [
            *("From: <feedback@provider.example>", f"To: {to}", "Subject: FW: Your event", "MIME-Version: 1.0"),
            *("Content-Type: multipart/report; report-type=feedback-report; boundary=B", ""),
            *("--B", "Content-Type: text/plain", "", "This is an abuse report.", ""),
            *("--B", "Content-Type: message/feedback-report", "", "Feedback-Type: abuse", "Version: 1"),
            *(f"Original-Rcpt-To: <{recipient}>", "User-Agent: Provider/1", ""),
            *("--B", "Content-Type: message/rfc822", "", returned, "", "Hello", "--B--", ""),
        ]
    ).encode()


def answer(
    uid: str, attendee: str = "zoe@example.com", partstat: str = "DECLINED", method: str = "REPLY", **heads: str
) -> bytes:
    """What a calendar sends to the organizer (RFC 5546 §3.2.3, RFC 6047)."""
    calendar = "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar//EN", f"METHOD:{method}", "BEGIN:VEVENT"),
            *(f"UID:{uid}", "DTSTAMP:20260302T120000Z", "SEQUENCE:0", "ORGANIZER:mailto:events@example.org"),
            *(f'ATTENDEE;CN="Muñoz, Zoë";PARTSTAT={partstat}:mailto:{attendee}', "END:VEVENT", "END:VCALENDAR", ""),
        ]
    )
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = attendee, "events@example.org", "Declined: Public forum"
    for name, value in heads.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Zoë has declined this invitation.")
    mail.add_alternative(calendar, subtype="calendar", params={"method": method}, cte="base64")
    return mail.as_bytes()
