"""What receivers check: the MIME tree, the calendar part, headers as raw bytes, and HTML that mail programs show."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32
from pathlib import Path
from typing import Any

import pytest

from eventsapp.actions import letters
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.colour import contrast
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.mail.headers import POLICY, display_name, subject_line
from eventsapp.mail.transport import MemoryTransport
from eventsapp.models import Registration
from tests.factory import IN_SPANISH, Make
from tests.mail.conftest import Deliver
from tests.mail.letterbox import Page, calendar_of, calendars_of, html_of, shape_of, text_of

CONFIRMED = PlaceState.CONFIRMED
Post = Callable[..., EmailMessage]


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@pytest.fixture
def post(make: Make, settings: Settings, now: datetime, deliver: Deliver) -> Post:
    """``post(kind, …)``: one letter to one person about one place, read back from its bytes."""

    def one(
        kind: LetterKind = LetterKind.CONFIRMATION,
        organization: dict[str, Any] | None = None,
        event: dict[str, Any] | None = None,
        **person: Any,
    ) -> EmailMessage:
        make.organization(**(organization or {}))
        registration = make.registration(make.event(**(event or {})), **person)
        announce(registration, kind, now, settings)
        return deliver()[0]

    return one


def announce(registration: Registration, kind: LetterKind, now: datetime, settings: Settings) -> None:
    with transaction() as session:
        letters.announce(session, registration, kind, registration.places, now=now, settings=settings)


class TestTree:
    def test_an_invitation_is_an_alternative_and_the_same_bytes_as_a_file(self, post: Post) -> None:
        mail = post()
        assert shape_of(mail) == [
            "multipart/mixed",
            "  multipart/alternative",
            "    text/plain",
            "    text/html",
            "    text/calendar",
            "  application/ics",
        ]
        alternative, attached = calendars_of(mail)
        assert dict(alternative["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
        assert alternative["Content-Transfer-Encoding"] == "base64"
        assert alternative["Content-Disposition"] is None
        assert dict(attached["Content-Type"].params) == {"name": "invite.ics"}
        assert (attached.get_content_disposition(), attached.get_filename()) == ("attachment", "invite.ics")
        assert alternative.get_payload(decode=True) == attached.get_payload(decode=True)

    def test_the_calendar_part_keeps_its_line_ends_in_base64(self, post: Post) -> None:
        for part in calendars_of(post()):
            data: Any = part.get_payload(decode=True)
            assert data.startswith(b"BEGIN:VCALENDAR\r\n")
            assert data.endswith(b"END:VCALENDAR\r\n")
            assert b"\n" not in data.replace(b"\r\n", b"")

    def test_method_and_parameter_agree_on_cancel_too(
        self, make: Make, settings: Settings, now: datetime, deliver: Deliver
    ) -> None:
        registration = make.registration(make.event())
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        deliver()
        with transaction():
            registration.places[0].state = PlaceState.CANCELLED
            registration.places[0].revision += 1
        announce(registration, LetterKind.CANCELLED, now, settings)
        (mail,) = deliver()
        assert calendars_of(mail)[0]["Content-Type"].params["method"] == "CANCEL"
        words = calendar_of(mail).split("\n")
        assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:1"} <= set(words)

    def test_a_letter_without_calendar_has_two_parts(self, post: Post) -> None:
        mail = post(LetterKind.WAITLISTED, places={"spanish": PlaceState.WAITLISTED})
        assert shape_of(mail) == ["multipart/alternative", "  text/plain", "  text/html"]

    def test_one_attendee_and_the_sender_as_organizer(self, post: Post) -> None:
        mail = post(email="zoe@example.com")
        lines = calendar_of(mail).split("\n")
        assert [line for line in lines if line.startswith("ATTENDEE")] == [
            'ATTENDEE;CN="Zoë Muñoz";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:zoe@example.com'
        ]
        assert [line for line in lines if line.startswith("ORGANIZER")] == [
            'ORGANIZER;CN="Example League":mailto:events@example.org'
        ]
        assert mail["From"].addresses[0].addr_spec == "events@example.org"


class TestHeaders:
    def test_what_every_letter_carries(self, post: Post, carrier: MemoryTransport) -> None:
        mail = post(email="zoe@example.com")
        ((_, envelope),) = carrier.sent
        assert (envelope.sender, envelope.recipient) == ("events@example.org", "zoe@example.com")
        assert mail["To"] == "zoe@example.com"
        assert mail["From"] == "Example League <events@example.org>"
        assert mail["Reply-To"] == "Example League <contact@example.org>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["X-Auto-Response-Suppress"] == "OOF, NRN, AutoReply, RN"
        assert mail["Message-ID"] == f"<m.{envelope.public_id}@example.org>"
        assert mail["X-Eventsapp-Correlation"] == envelope.public_id
        assert mail["Feedback-ID"].startswith(envelope.public_id)
        assert mail["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
        absent = ("List-Unsubscribe", "Precedence", "Bcc", "Cc", "Sender", "In-Reply-To")
        assert [mail[name] for name in absent] == [None] * len(absent)

    def test_content_language_stands_at_the_top_and_agrees_with_the_html(self, post: Post) -> None:
        mail = post(language_tag="es-MX")
        assert mail["Content-Language"] == "es-MX"
        assert [part["Content-Language"] for part in mail.walk() if part is not mail] == [None] * 5
        assert [language[:2] for language in Page(html_of(mail)).languages[:2]] == [("html", "es-MX"), ("div", "es-MX")]

    def test_the_body_fits_any_server(self, post: Post) -> None:
        raw = post(name="Zoë " + "ü" * 70, event={"languages": {"en": "Ü" * 190}}).as_bytes(policy=POLICY)
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert b"\0" not in raw

    def test_threading_headers_are_never_encoded_words(self) -> None:
        message = EmailMessage(policy=POLICY)
        words = " ".join(f"<m.{letter * 60}@mail.example.org>" for letter in "abc")
        message["References"] = words
        message["In-Reply-To"] = words.split(" ")[0]
        message["List-Unsubscribe"] = f"<https://example.org/{'u' * 90}>, <mailto:leave@example.org>"
        raw = message.as_bytes()
        assert b"=?" not in raw
        assert message_from_bytes(raw, policy=compat32)["References"].replace("\r\n", "") == words
        with pytest.raises(ValueError, match="ASCII"):
            _with_header("References", "<ü@example.org>").as_bytes()

    @pytest.mark.parametrize("name", ["Subject", "References", "Feedback-ID"])
    def test_no_line_break_gets_into_a_header(self, name: str) -> None:
        with pytest.raises(ValueError, match="linefeed"):
            _with_header(name, "one\r\nBcc: two@example.com")

    def test_a_later_letter_answers_the_first(
        self, make: Make, settings: Settings, now: datetime, deliver: Deliver
    ) -> None:
        registration = make.registration(make.event())
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        (first,) = deliver()
        announce(registration, LetterKind.ALREADY_REGISTERED, now, settings)
        (second,) = deliver()
        assert (second["In-Reply-To"], second["References"]) == (first["Message-ID"], first["Message-ID"])
        assert re.search(rb"\r\nReferences: <m\.[a-z2-7]{16}@example\.org>\r\n", second.as_bytes(policy=POLICY))

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("Example League", "Example League"),
            ('"Evil" <evil@evil.example>, x: y; z', "Evil evil evil.example x y z"),
            ("Liga\r\nBcc: evil@evil.example", "Liga Bcc evil evil.example"),
            ("Ñ" * 200, "Ñ" * 75),
            ("رابطة", "رابطة"),
        ],
    )
    def test_sender_names(self, name: str, shown: str, post: Post) -> None:
        assert display_name(name) == shown
        raw = post(organization={"sender_name": name}).as_bytes(policy=POLICY)
        sender = message_from_bytes(raw, policy=compat32)["From"]  # the new policy keeps spaces between encoded words
        assert str(make_header(decode_header(sender))).replace('"', "") == f"{shown} <events@example.org>"

    @pytest.mark.parametrize(("contact", "reply_to"), [("+52 55 1234 5678", None), ("", None)])
    def test_what_is_no_address_is_no_reply_to(self, contact: str, reply_to: str | None, post: Post) -> None:
        mail = post(organization={"contact": contact}, event={"contact": contact})
        assert mail["Reply-To"] == reply_to
        assert (contact in text_of(mail)) is True

    def test_an_idn_domain_travels_in_punycode(self, post: Post, carrier: MemoryTransport) -> None:
        mail = post(email="zoe@bücher.example")
        assert mail["To"] == "zoe@xn--bcher-kva.example"
        assert carrier.sent[0][1].recipient == "zoe@xn--bcher-kva.example"
        assert "mailto:zoe@xn--bcher-kva.example" in calendar_of(mail)

    def test_long_subjects_are_cut(self) -> None:
        assert subject_line("a" * 300) == "a" * 199 + "…"
        assert subject_line("one\ntwo\x85three") == "one two three"

    @pytest.mark.parametrize(
        "subject",
        [
            "دعوة: أمسية مع الجيران، الأحد، ٤ يوليو ٢٠٢٧",
            "Diese Anmeldung hat jetzt eine andere E-Mail-Adresse: Ein Abend für die Nachbarschaft, Sonntag",
            "您的日历邀请：邻里之夜，2027年7月4日星期日，" * 5,
            "Your place, " * 12 + "Ñandú",
            "An evening with the neighbours, " * 5 + "tea",
            "a" * 150,
        ],
    )
    def test_no_space_of_a_subject_is_lost_between_its_lines(self, subject: str) -> None:
        data = _with_header("Subject", subject).as_bytes()
        lines = data.split(b"\r\n\r\n")[0].split(b"\r\n")
        assert [line for line in lines if len(line) > 78] == []
        assert str(make_header(decode_header(message_from_bytes(data)["Subject"].replace("\r\n", "")))) == subject
        assert message_from_bytes(data, policy=POLICY)["Subject"] == subject


def _with_header(name: str, value: str) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message[name] = value
    return message


class TestHtml:
    @pytest.fixture
    def html(self, post: Post) -> str:
        return html_of(post(language_tag="en"))

    def test_stays_small_even_with_much_to_say(self, post: Post) -> None:
        words = {"summary": "Forum " * 30, "what_to_bring": "- Something to write with\n" * 60}
        html = html_of(post(event={"languages": {"en": words, "es": words}}))
        assert len(html.encode()) < 40_000

    def test_heads(self, html: str) -> None:
        assert html.startswith("<!DOCTYPE html>")
        assert "<title>You are registered: Public forum</title>" in html
        for meta in (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="supported-color-schemes" content="light dark">',
        ):
            assert meta in html
        assert "@media (prefers-color-scheme: dark)" in html
        assert html.index("preheader") < html.index("<h1")

    def test_layout_is_presentation_and_everything_is_ours(self, html: str) -> None:
        page = Page(html)
        assert html.count("<table") == len(re.findall(r'<table [^>]*role="presentation"', html))
        assert set(page.tags) & {"img", "form", "iframe", "link", "object", "video", "svg", "button", "input"} == set()
        hosts = {re.match(r"(?:https://([^/]+)|mailto:)", target)[1] for target in page.targets}  # type: ignore[index]
        assert hosts == {"events.example.org", "example.org", None}

    def test_styles_are_inline(self, html: str) -> None:
        assert html.count("<style") == 1
        assert re.search(r'class="button-cell"[^>]* style="[^"]*background: #[0-9a-f]{6}', html)

    @pytest.mark.parametrize("accent", ["", "#7a2e8d", "#ffe600", "#000000", "#ffffff", "#ff0000", "#777777"])
    def test_contrast_in_light_and_dark(self, accent: str, post: Post) -> None:
        html = html_of(post(organization={"accent": accent}))
        light, dark = html.split("<body", 1)[1], html.split("prefers-color-scheme", 1)[1]

        def inline(of: str, name: str) -> str:
            found = re.search(rf'class="{of}"[^>]*style="[^"]*(?<![-\w]){name}: (#[0-9a-f]{{6}})', light)
            assert found, (of, name)
            return found[1]

        def at_night(of: str, name: str) -> str:
            found = re.search(rf"\.{of}[^{{}}]*\{{[^}}]*(?<![-\w]){name}: (#[0-9a-f]{{6}})", dark)
            assert found, (of, name)
            return found[1]

        for colour in (inline, at_night):
            assert contrast(colour("button-link", "color"), colour("button-cell", "background")) >= 4.5
            for words in ("headline", "link", "label", "quiet", "title", "theirs"):
                assert contrast(colour(words, "color"), colour("sheet", "background")) >= 4.5, words
            for words in ("label", "date", "theirs"):
                assert contrast(colour(words, "color"), colour("block", "background")) >= 4.5, words

    def test_structured_data(self, html: str) -> None:
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
        assert found
        data = json.loads(found[1])
        assert (data["@type"], data["reservationStatus"]) == (
            "EventReservation",
            "https://schema.org/ReservationConfirmed",
        )
        assert data["reservationFor"]["startDate"] == "2026-06-28T17:00:00-07:00"
        assert data["underName"]["name"] == "Zoë Muñoz"

    def test_structured_data_cannot_be_left(self, post: Post) -> None:
        html = html_of(post(name="</script><b>x</b>", event={"languages": {"en": "<!--</script><i>"}}))
        assert html.count("</script>") == 1
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
        assert found
        assert json.loads(found[1])["reservationFor"]["name"] == "<!--</script><i>"
        assert set(Page(html).tags) & {"b", "i"} == set()


class TestPlainText:
    def test_addresses_have_a_line_of_their_own(self, post: Post) -> None:
        lines = text_of(post()).split("\n")
        for line in lines:
            assert line == line.rstrip()
            if "https://" in line:
                assert re.fullmatch(r"  https://\S+", line), line
            assert len(line) <= 100 or "https://" in line

    def test_says_what_the_html_says(self, post: Post) -> None:
        mail = post(language_tag="en", event={"languages": {"en": {"summary": "Forum", "what_to_bring": "A *pen*"}}})
        text, page = text_of(mail), Page(html_of(mail))
        shown = "\n".join(page.lines)
        for fact in ("You are registered", "Forum", "Example League", "K7PM-", "A pen", "contact@example.org"):
            assert fact in text
            assert fact in shown
        assert {target for target in page.targets if target.startswith("https")} == set(
            re.findall(r"https://\S+", text)
        )


class TestLanguages:
    def test_a_passage_that_falls_back_keeps_its_own(self, post: Post) -> None:
        words = {"summary": "منتدى عام", "what_to_bring": "قلم"}
        page = Page(html_of(post(language_tag="es", event={"languages": {"ar": words}})))
        assert page.languages == [
            ("html", "es", "ltr"),
            ("div", "es", "ltr"),
            ("h1", "ar", "rtl"),
            ("div", "ar", "rtl"),
        ]

    @pytest.mark.parametrize(
        ("location", "marked"),
        [({"": "قاعة ١"}, []), ({"ar": "قاعة ١"}, [("bdi", "ar", "rtl")]), ({"es": "Sala 1", "ar": "قاعة ١"}, [])],
    )
    def test_an_address_keeps_its_own_and_has_none_where_it_is_for_all(
        self, location: dict[str, str], marked: list[tuple[str, str, str]], post: Post
    ) -> None:
        event = {"languages": {"es": "Foro", "ar": "منتدى"}, "occurrences": [{**IN_SPANISH, "location": location}]}
        page = Page(html_of(post(event=event)))
        assert page.languages == [("html", "es", "ltr"), ("div", "es", "ltr"), *marked]

    @pytest.mark.parametrize(
        ("asked", "written", "summary"),
        [
            ("es-MX", "es-MX", "Foro"),
            ("de", "de", "Forum"),
            ("ar", "ar", "Forum"),
            ("pt", "pt", "Forum"),
            ("zh-CN", "zh-CN", "Forum"),
            ("zh-TW", "en", "Forum"),
            ("ja", "en", "Forum"),
            ("en-GB", "en-GB", "Forum"),
        ],
    )
    def test_interface_and_event_are_looked_up_each_by_itself(
        self, asked: str, written: str, summary: str, post: Post
    ) -> None:
        mail = post(language_tag=asked, event={"languages": {"en": "Forum", "es": "Foro"}})
        assert mail["Content-Language"] == written
        assert summary in mail["Subject"]

    def test_a_right_to_left_letter_is_mirrored(self, post: Post) -> None:
        mail = post(language_tag="ar", tzid="Asia/Riyadh", event={"languages": {"ar": "منتدى"}})
        html = html_of(mail)
        assert Page(html).languages == [("html", "ar", "rtl"), ("div", "ar", "rtl")]
        assert 'align="left"' not in html
        assert re.search(r'class="tile-cell"[^>]*style="[^"]*padding-left', html)
        assert mail["Content-Language"] == "ar"

    def test_own_words_have_times_in_their_own_language(self, post: Post) -> None:
        own = [{"kind": LetterKind.CONFIRMATION, "language_tag": "he", "body": "{when_yours}"}]
        mail = post(language_tag="he", event={"languages": {"he": "פורום"}, "letters": own})
        assert "ביוני" in text_of(mail)
        assert "28 June 2026" in text_of(mail)


def test_golden_files_name_no_host_of_this_machine() -> None:
    for path in (Path(__file__).parent.parent / "golden" / "mail").iterdir():
        assert "localhost" not in path.read_text()
