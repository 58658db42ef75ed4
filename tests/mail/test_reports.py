"""What comes back by mail, read from its bytes: every code that matters, old customs, and hostile mails."""

import random
import time
from dataclasses import replace

import pytest

from eventsapp.ical.reply import Reply
from eventsapp.mail.reports import Cause, Report, ReportKind, cause_of, read_report, without_addresses
from eventsapp.mail.verp import envelope_sender
from tests.mail.returned import answer, complaint, delivery_status

ID = "message" + "a" * 9
RETURNED = f"Return-Path: <events@example.org>\r\nMessage-ID: <m.{ID}@example.org>\r\nTo: zoe@example.com"


@pytest.fixture
def verp(settings):
    return replace(settings, bounce_address="bounce@example.org")


def test_a_delivery_status_report(verp):
    raw = delivery_status(to=envelope_sender(ID, verp), returned=RETURNED)
    assert read_report(raw, settings=verp) == Report(
        kind=ReportKind.FAILED,
        cause=Cause.HARD,
        status="5.1.1",
        code=550,
        words="5.1.1 … Recipient address rejected: User unknown",
        public_id=ID,
        claimed=ID,
        recipients=frozenset({"zoe@example.com"}),
    )


@pytest.mark.parametrize("head", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_token_is_found_wherever_mail_servers_write_it(verp, head):
    raw = delivery_status(to="x@example.org").replace(
        b"\r\nTo: x@", f"\r\n{head}: <{envelope_sender(ID, verp)}>, x@".encode(), 1
    )
    assert read_report(raw, settings=verp).public_id == ID


def test_the_token_is_found_in_the_letter_that_is_given_back(verp):
    returned = RETURNED.replace("events@example.org", envelope_sender(ID, verp))
    assert read_report(delivery_status(returned=returned), settings=verp).public_id == ID
    assert read_report(complaint(returned=returned), settings=verp).public_id == ID


def test_a_claim_proves_nothing(verp):
    report = read_report(delivery_status(to=f"bounce+{ID}.{'a' * 26}@example.org", returned=RETURNED), settings=verp)
    assert (report.public_id, report.claimed) == (None, ID)


def test_a_letter_is_known_by_its_own_header_where_a_server_gave_it_another_message_id(settings):
    returned = f"Message-ID: <0102@ses.example>\r\nX-Eventsapp-Correlation: {ID}\r\nTo: zoe@example.com"
    assert read_report(delivery_status(returned=returned), settings=settings).claimed == ID


@pytest.mark.parametrize(
    ("status", "words", "cause"),
    [
        ("5.1.1", "550 5.1.1 user unknown", Cause.HARD),
        ("5.1.2", "bad destination system address", Cause.HARD),
        ("5.1.10", "recipient domain has a null MX", Cause.HARD),
        ("5.1.0", "550 5.1.0 address rejected", Cause.HARD),
        ("5.1.0", "550 5.1.0 sender rejected", Cause.POLICY),
        ("5.1.8", "sender address has null MX", Cause.POLICY),
        ("5.2.1", "mailbox disabled", Cause.HARD),
        ("5.2.2", "mailbox full", Cause.SOFT),
        ("5.2.3", "message too large", Cause.SOFT),
        ("5.3.4", "message too big for system", Cause.SOFT),
        ("5.4.4", "unable to route: host not found", Cause.HARD),
        ("5.4.310", "DNS domain does not exist", Cause.HARD),
        ("5.4.1", "Recipient address rejected: Access denied. AS(201806281)", Cause.HARD),
        ("5.4.1", "no answer from host", Cause.SOFT),
        ("5.4.6", "routing loop", Cause.SOFT),
        ("5.5.0", "Requested action not taken: mailbox unavailable", Cause.HARD),
        ("5.5.0", "mailbox unavailable: blocked, see spamhaus", Cause.POLICY),
        ("5.0.0", "550 No such user here", Cause.HARD),
        ("5.0.0", "554 delivery error", Cause.SOFT),
        ("5.0.0", "554 rejected as spam", Cause.POLICY),
        ("", "550 user unknown", Cause.HARD),
        ("5.7.1", "550 5.7.1 user unknown", Cause.POLICY),
        ("5.7.26", "unauthenticated mail is prohibited (DMARC)", Cause.POLICY),
        ("5.7.515", "does not meet the required authentication level", Cause.POLICY),
        ("4.4.7", "delivery time expired; user unknown", Cause.SOFT),
        ("4.2.2", "mailbox full", Cause.SOFT),
    ],
)
def test_why_a_letter_came_back(settings, status, words, cause):
    assert cause_of(status, words) is cause
    report = read_report(delivery_status(status=status, diagnosis=f"smtp; {words}"), settings=settings)
    assert (report.kind, report.cause) == (ReportKind.FAILED, cause)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", ReportKind.FAILED),
        ("Failed (bad destination)", ReportKind.FAILED),
        ("delayed", ReportKind.DELAYED),
        ("delivered", ReportKind.DELIVERED),
        ("relayed", ReportKind.DELIVERED),
        ("expanded", ReportKind.DELIVERED),
        ("exploded", ReportKind.OTHER),
        ("", ReportKind.OTHER),
    ],
)
def test_what_became_of_a_letter(settings, action, kind):
    assert read_report(delivery_status(action=action), settings=settings).kind is kind


def test_the_code_in_the_words_counts_where_the_field_says_too_little(settings):
    raw = delivery_status(status="5.0.0", diagnosis="smtp; 550-5.2.2 over quota")
    report = read_report(raw, settings=settings)
    assert (report.status, report.code, report.cause) == ("5.2.2", 550, Cause.SOFT)


def test_a_letter_that_was_forwarded_names_both_addresses(settings):
    raw = delivery_status(recipient="zoe@example.com", final="zoe@elsewhere.example")
    assert read_report(raw, settings=settings).recipients == {"zoe@example.com", "zoe@elsewhere.example"}


def test_no_address_stays_in_the_words():
    said = "550 5.1.1 <zoe@example.com>: no mailbox for zoe@example.com; see mailto:help@example.com\r\n Bcc: x"
    assert without_addresses(said) == "5.1.1 … no mailbox for … see … Bcc: x"
    assert len(without_addresses("word " * 1000)) == 299


def test_a_complaint(settings):
    report = read_report(complaint(returned=RETURNED), settings=settings)
    assert report == Report(ReportKind.COMPLAINT, claimed=ID, recipients=frozenset({"zoe@example.com"}))
    for kind in (b"not-spam", b"auth-failure", b"virus", b""):
        raw = complaint(returned=RETURNED).replace(b"Type: abuse", b"Type: " + kind)
        assert read_report(raw, settings=settings).kind is ReportKind.OTHER


EXIM = b"""\
Return-path: <>
To: events@example.org
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
X-Failed-Recipients: zoe@example.com
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  zoe@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<zoe@example.com>:
    550 5.1.1 zoe@example.com: no such user
"""
QMAIL = b"""\
Return-Path: <>
To: events@example.org
From: MAILER-DAEMON@mx.example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<zoe@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <events@example.org>
Message-ID: <m.messageaaaaaaaaa@example.org>
"""


@pytest.mark.parametrize("raw", [EXIM, QMAIL], ids=["exim", "qmail"])
def test_reports_in_no_standard_form(verp, raw):
    addressed = raw.replace(b"To: events@example.org", f"To: {envelope_sender(ID, verp)}".encode(), 1)
    report = read_report(addressed, settings=verp)
    assert (report.kind, report.cause, report.status, report.public_id) == (
        *(ReportKind.FAILED, Cause.HARD, "5.1.1"),
        ID,
    )
    assert report.recipients == {"zoe@example.com"}
    assert "zoe@" not in report.words


def test_a_calendars_answer(settings):
    report = read_report(answer("forum@example.org"), settings=settings)
    assert report == Report(ReportKind.REPLY, reply=Reply("forum@example.org", "zoe@example.com", "DECLINED"))
    idn = read_report(answer("forum@example.org", "zoe@xn--mller-kva.example"), settings=settings)
    assert idn.reply is not None
    assert idn.reply.attendee_key == "zoe@xn--mller-kva.example"


@pytest.mark.parametrize(
    "raw",
    [
        answer("forum@example.org", method="REQUEST"),
        answer("forum@example.org", method="CANCEL"),
        answer("forum@example.org", "nobody"),
        answer("forum@example.org", Auto_Submitted="auto-replied (vacation)"),
        answer("u").replace(b"text/calendar", b"text/plain"),
        b"To: events@example.org\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away until Monday.\n",
        b"To: events@example.org\nReturn-Path: <>\nAuto-Submitted: auto-replied\n\nAway. 550 5.1.1 user unknown!\n",
        b"To: events@example.org\nSubject: Re: Public forum\n\nCan I bring a friend? 550 people like me?\n",
        b"",
        b"\x00\xff" * 500,
    ],
    ids=[
        "request",
        "cancel",
        "no address",
        "vacation",
        "no calendar",
        "away",
        "away, in odd words",
        "a person",
        "empty",
        "noise",
    ],
)
def test_what_is_none_of_our_business(settings, raw):
    assert read_report(raw, settings=settings) == Report(ReportKind.OTHER)


def nested(depth: int) -> bytes:
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (at, at) for at in range(depth))
    return heads + b"Content-Type: text/plain\n\nx\n"


def forwarded(depth: int) -> bytes:
    return b"Content-Type: message/rfc822\n\n" * depth + b"Subject: x\n\nx\n"


HOSTILE = {
    "nested deep": nested(50_000),
    "nested just below the bound": nested(55),
    "forwarded deep": forwarded(30_000),
    "many parts": b"Content-Type: multipart/mixed; boundary=B\n\n" + b"--B\n\nx\n" * 200_000,
    "one long line": b"Subject: " + b"a" * 5_000_000,
    "one long address": b"To: " + b"bounce+" * 700_000 + b"@example.org\n\n",
    "many heads": b"To: <a@example.org>\n" * 200_000 + b"\n",
    "charset of nobody": b"Content-Type: text/calendar; charset=no-such; method=REPLY\n\nMETHOD:REPLY\n",
    "broken base64": answer("u").replace(b"base64\r\n\r\n", b"base64\r\n\r\n=!=!"),
    "odd report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n"
    b"Content-Type: message/delivery-status\n\nAction: failed\nStatus: " + b"5." * 100_000 + b"\n--B--\n",
    "no words at all": delivery_status(status="", diagnosis="", recipient="@@@", returned="Message-ID: <m.@>"),
    "words without an end": delivery_status(diagnosis="smtp; " + "5.1.1 @" * 100_000),
    "surrogates": "To: \udce9\udcff@example.org\nSubject: =?x?b?//?=\n\n".encode("utf-8", "surrogateescape"),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mails_are_read_quickly_and_nothing_is_raised(verp, raw):
    began = time.process_time()
    report = read_report(raw, settings=verp)
    assert time.process_time() - began < 2
    assert report.public_id is None


def test_no_damage_makes_reading_raise(verp):
    chance = random.Random(4)  # noqa: S311
    whole = [
        delivery_status(to=envelope_sender(ID, verp), returned=RETURNED),
        complaint(returned=RETURNED),
        *(answer("forum@example.org"), EXIM, QMAIL),
    ]
    for turn in range(150):
        raw = bytearray(whole[turn % len(whole)])
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(raw))
            raw[at : at + chance.randrange(4)] = chance.choice(
                [b"\n", b"\x00", b"\xff", b"--B", b";", b'"', b"\r\n\r\n"]
            )
        read_report(bytes(raw), settings=verp)
