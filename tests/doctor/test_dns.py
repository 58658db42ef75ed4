"""What the doctor says of DNS, asked over a socket: each record right, missing and wrong; and no answer at all."""

from dataclasses import replace

import dns.rcode
import dns.resolver
import pytest

from eventsapp.doctor import dns as doctor_dns
from eventsapp.doctor.dns import examine_dns
from tests.dns_server import dns_server

KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
WELL = {
    ("example.org", "TXT"): ['"v=spf1 a:mail.example.org -all"', '"some-site-verification=1"'],
    ("example.org", "MX"): ["10 mail.example.org."],
    ("mail2026._domainkey.example.org", "TXT"): [f'"v=DKIM1; k=rsa; " "p={KEY}"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; rua=mailto:dmarc@example.org"'],
    ("mail.example.org", "A"): ["203.0.113.7"],
    ("7.113.0.203.in-addr.arpa", "PTR"): ["mail.example.org."],
}
SPF, DKIM, DMARC = "SPF of example.org", "DKIM of example.org", "DMARC of example.org"
PTR, MX = "mail server's name", "mail to example.org"


@pytest.fixture
def sending(settings):
    return replace(settings, mail_url="smtp://mail.example.org", dkim_selector="mail2026")


@pytest.fixture
def look(sending):
    def found(zone, rcode=None, **settings):
        with dns_server(zone, rcode) as resolver:
            findings = examine_dns(replace(sending, **settings), resolver)
        assert [one for one in findings if not one.words or one.ok == bool(one.remedy)] == []
        return {one.name: one for one in findings}

    return found


def test_all_is_well(look):
    assert {name: (one.ok, one.words) for name, one in look(WELL).items()} == {
        SPF: (True, "v=spf1 a:mail.example.org -all"),
        DKIM: (True, "a key at mail2026._domainkey.example.org"),
        DMARC: (True, "v=DMARC1; p=none; rua=mailto:dmarc@example.org (at _dmarc.example.org)"),
        PTR: (True, "mail.example.org has the name that its address says"),
        MX: (True, "goes to mail.example.org"),
    }


def test_nothing_is_there(look):
    found = look({})
    assert {name: (one.ok, one.words) for name, one in found.items()} == {
        SPF: (False, "no machine is said to send for it"),
        DKIM: (False, "no key at mail2026._domainkey.example.org"),
        DMARC: (False, "no record, so large receivers refuse letters from it"),
        PTR: (False, "mail.example.org has no address"),
        MX: (False, "it has no mail server, so nothing that comes back is seen"),
    }
    assert '"v=spf1 a:mail.example.org -all"' in found[SPF].remedy
    assert "mail2026._domainkey.example.org" in found[DKIM].remedy
    assert '_dmarc.example.org: "v=DMARC1; p=none"' in found[DMARC].remedy
    assert '"10 mail.example.org"' in found[MX].remedy


@pytest.mark.parametrize(
    ("name", "record", "ok", "words"),
    [
        (SPF, {("example.org", "TXT"): ['"v=spf1 +all"']}, False, "every machine may send for it: v=spf1 +all"),
        (
            SPF,
            {("example.org", "TXT"): ['"v=spf1 -all"', '"V=SPF1 mx -all"']},
            False,
            "2 records, and so none of them counts",
        ),
        (SPF, {("example.org", "TXT"): ['"v=spf10 -all"']}, False, "no machine is said to send for it"),
        (
            DKIM,
            {("mail2026._domainkey.example.org", "TXT"): ['"v=DKIM1; p="']},
            False,
            "the key at mail2026._domainkey.example.org is revoked",
        ),
        (
            DMARC,
            {("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=no"']},
            False,
            "_dmarc.example.org has no p= that counts: v=DMARC1; p=no",
        ),
        (
            DMARC,
            {("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']},
            False,
            "2 records at _dmarc.example.org, and so none of them counts",
        ),
        (
            PTR,
            {("7.113.0.203.in-addr.arpa", "PTR"): ["dynamic-7.provider.example."]},
            False,
            "203.0.113.7 is dynamic-7.provider.example, which is not 203.0.113.7",
        ),
        (MX, {("example.org", "MX"): ["0 ."]}, False, "it takes no mail, so nothing that comes back is seen"),
        (
            MX,
            {("example.org", "MX"): ["10 b.example.org.", "5 a.example.org."]},
            True,
            "goes to a.example.org, b.example.org",
        ),
    ],
)
def test_one_record_is_another(look, name, record, ok, words):
    found = look(WELL | record)
    assert (found[name].ok, found[name].words) == (ok, words)
    assert [other for other, one in found.items() if not one.ok and other != name] == []


def test_an_address_without_a_name(look):
    found = look({key: records for key, records in WELL.items() if key[1] != "PTR"})[PTR]
    assert (found.ok, found.words) == (False, "203.0.113.7 (mail.example.org) has no name")
    assert "a PTR record with mail.example.org" in found.remedy


def test_every_address_of_the_server_is_looked_at(look):
    six = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
    zone = WELL | {("mail.example.org", "AAAA"): ["2001:db8::1"]}
    assert look(zone)[PTR].words == "2001:db8::1 (mail.example.org) has no name"
    assert look(zone | {(six, "PTR"): ["mail.example.org."]})[PTR].ok


def test_a_record_of_the_domain_above_counts(look):
    found = look(WELL, mail_from="events@news.example.org", bounce_address="bounce@news.example.org")
    assert found["DMARC of news.example.org"].words.endswith("(at _dmarc.example.org)")
    assert not found["SPF of news.example.org"].ok


def test_each_domain_that_letters_name_is_looked_at(look):
    found = look(WELL, follow_up_from="news@news.example.org", bounce_address="bounce@bounce.example.org")
    assert list(found) == [
        *("SPF of bounce.example.org", SPF, "SPF of news.example.org", DKIM, "DKIM of news.example.org"),
        *(DMARC, "DMARC of news.example.org", PTR, "mail to bounce.example.org"),
    ]


def test_reports_that_go_to_another_family(look):
    found = look(WELL, bounce_address="bounce@example.com")
    assert found[DMARC].words == "reports go to example.com, which is not of its family, so SPF does not count"


def test_a_mail_domain_without_mx_is_reached_at_its_address(look):
    zone = {key: records for key, records in WELL.items() if key[1] != "MX"}
    assert look(zone | {("example.org", "A"): ["203.0.113.9"]})[MX].words == "goes to example.org itself"


@pytest.mark.parametrize(
    ("mail_url", "base_url", "words"),
    [
        (
            *("smtp://smtp.provider.example", "https://events.example.org"),
            "letters leave through smtp.provider.example, whose operator answers for that",
        ),
        (
            *("smtp://localhost", "http://localhost"),
            "not looked at: which address letters leave from is not known here",
        ),
        (
            *("smtp://127.0.0.1", "https://mail.example.org"),
            "mail.example.org has the name that its address says",
        ),
    ],
)
def test_whose_name_receivers_look_up(look, mail_url, base_url, words):
    found = look(WELL, mail_url=mail_url, base_url=base_url)[PTR]
    assert (found.ok, found.words) == (True, words)


def test_without_a_selector_no_key_is_looked_for(look):
    found = look(WELL, dkim_selector="")[DKIM]
    said = "not looked at: name your mail server's selector in EVENTSAPP_DKIM_SELECTOR"
    assert (found.ok, found.words) == (True, said)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_no_answer_is_said_and_nothing_is_called_wrong(look, rcode):
    silent = "DNS gives no answer, so this was not looked at"
    assert {(one.ok, one.words) for one in look(WELL, rcode).values()} == {(True, silent)}


def test_a_resolver_that_is_away_is_waited_for_once(sending, monkeypatch):
    asked = []

    class Away(dns.resolver.Resolver):
        def resolve(self, *name, **_values):
            asked.append(name)
            return super().resolve(*name, lifetime=0.05)

    resolver = Away(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], 9  # nobody listens
    findings = examine_dns(sending, resolver)
    assert {(one.ok, one.words) for one in findings} == {(True, "DNS gives no answer, so this was not looked at")}
    assert len(asked) == 1

    def none():
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(doctor_dns.dns.resolver, "Resolver", none)
    assert all(one.ok for one in examine_dns(sending))
