"""What DNS says of the domains that letters come from, as their receivers read it. It asks, for seconds at most.

Where DNS gives no answer, that is said, and nothing is called wrong.
"""

import ipaddress
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import dns.exception
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdata import Rdata

from eventsapp.config import Settings, is_loopback
from eventsapp.doctor.finding import Finding

PATIENCE = 3.0  # seconds for one answer
_POLICIES = frozenset({"none", "quarantine", "reject"})


Said = tuple[bool, str, str]  # whether it is ok, how it is, what to do where it is not


class Silent(Exception):
    """DNS gives no answer."""


class Lookup:
    """Asks DNS. A resolver that does not answer once is not asked again."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver
        self._silent = False

    def ask(self, name: str, kind: str) -> list[Rdata]:
        """The records, or none where there is no such name. Raises Silent."""
        if self._silent:
            raise Silent
        try:
            self._resolver = self._resolver or dns.resolver.Resolver()
            return list(self._resolver.resolve(name, kind, lifetime=PATIENCE, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.Timeout, dns.resolver.NoResolverConfiguration, OSError) as error:
            self._silent = True
            raise Silent from error
        except (dns.exception.DNSException, ValueError) as error:
            raise Silent from error

    def texts(self, name: str, start: str) -> list[str]:
        """The TXT records that begin so, each in one piece."""
        found = [b"".join(record.strings).decode("utf-8", "replace") for record in self.ask(name, "TXT")]  # type: ignore[attr-defined]
        return [text for text in found if text.lower().startswith(start)]

    def addresses(self, host: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return [record.to_text() for kind in ("A", "AAAA") for record in self.ask(host, kind)]

    def names(self, address: str) -> list[str]:
        """By the address's PTR records, without the last dot."""
        return [_host(record) for record in self.ask(dns.reversename.from_address(address).to_text(), "PTR")]


def examine_dns(settings: Settings, resolver: dns.resolver.Resolver | None = None) -> list[Finding]:
    """One finding for each record that receivers look at. ``resolver`` stands in for this machine's own in tests."""
    lookup = Lookup(resolver)
    senders = _domains(settings.mail_from, settings.follow_up_from)
    envelope = _domains(settings.bounce_address or settings.mail_from)[0]
    server = urlsplit(settings.mail_url).hostname or ""
    looks: list[tuple[str, Callable[[], Said]]] = [
        *((f"SPF of {domain}", partial(spf, lookup, domain, server)) for domain in dict.fromkeys([envelope, *senders])),
        *((f"DKIM of {domain}", partial(dkim, lookup, domain, settings.dkim_selector)) for domain in senders),
        *((f"DMARC of {domain}", partial(dmarc, lookup, domain, envelope)) for domain in senders),
        ("mail server's name", partial(ptr, lookup, server, settings)),
        (f"mail to {envelope}", partial(mx, lookup, envelope, server)),
    ]
    return [_looked(name, look) for name, look in looks]


def _looked(name: str, look: Callable[[], Said]) -> Finding:
    try:
        return Finding(name, *look())
    except Silent:
        return Finding(name, True, "DNS gives no answer, so this was not looked at")


def spf(lookup: Lookup, domain: str, server: str) -> Said:
    """RFC 7208: which machines may send for the domain of the envelope."""
    found = [text for text in lookup.texts(domain, "v=spf1") if text[6:7] in ("", " ")]
    machine = "mx" if _own_machine(server) else f"a:{server}"
    remedy = (
        f'Write this TXT record at {domain}: "v=spf1 {machine} -all". Where a provider sends your mail, put in the '
        "include: that it names."
    )
    if not found:
        return False, "no machine is said to send for it", remedy
    if len(found) > 1:
        return False, f"{len(found)} records, and so none of them counts", "Make one of them; a domain has one."
    if {"+all", "all"} & set(found[0].lower().split()):
        return False, f"every machine may send for it: {found[0]}", "End the record with -all or ~all."
    return True, found[0], ""


def dkim(lookup: Lookup, domain: str, selector: str) -> Said:
    """RFC 6376: the key that letters are signed with."""
    if not selector:
        return True, "not looked at: name your mail server's selector in EVENTSAPP_DKIM_SELECTOR", ""
    name = f"{selector}._domainkey.{domain}"
    remedy = (
        f'Have your mail server sign letters, and write its public key as a TXT record at {name}: "v=DKIM1; k=rsa; '
        'p=…". Or correct EVENTSAPP_DKIM_SELECTOR.'
    )
    found = [tags for text in lookup.texts(name, "") if "p" in (tags := _tags(text))]
    if not found:
        return False, f"no key at {name}", remedy
    if not found[0]["p"]:
        return False, f"the key at {name} is revoked", remedy
    return True, f"a key at {name}", ""


def dmarc(lookup: Lookup, domain: str, envelope: str) -> Said:
    """RFC 7489: what receivers do with letters that prove nothing; and that SPF counts, which needs one family."""
    place, found = next(_dmarc_records(lookup, domain), (f"_dmarc.{domain}", []))
    remedy = f'Write this TXT record at _dmarc.{domain}: "v=DMARC1; p=none", and a stricter p= once all is well.'
    if not found:
        return False, "no record, so large receivers refuse letters from it", remedy
    if len(found) > 1:
        return False, f"{len(found)} records at {place}, and so none of them counts", "Leave one of them."
    if _tags(found[0]).get("p", "").lower() not in _POLICIES:
        return False, f"{place} has no p= that counts: {found[0]}", remedy
    if not _related(domain, envelope):
        words = f"reports go to {envelope}, which is not of its family, so SPF does not count"
        return False, words, f"Set EVENTSAPP_BOUNCE_ADDRESS to an address at {domain} or below it."
    return True, f"{found[0]} (at {place})", ""


def ptr(lookup: Lookup, server: str, settings: Settings) -> Said:
    """RFC 1912 §2.1: the sending machine's address has a name, and the name has that address."""
    host = settings.host if _own_machine(server) else server
    if _own_machine(host):
        return True, "not looked at: which address letters leave from is not known here", ""
    if not _related(host, settings.mail_domain) and host != settings.host:
        return True, f"letters leave through {host}, whose operator answers for that", ""
    addresses = lookup.addresses(host)
    if not addresses:
        return False, f"{host} has no address", f"Write an A record at {host}, and a PTR record for that address."
    for address in addresses:
        names = lookup.names(address)
        if not any(address in lookup.addresses(name) for name in names):
            words = (
                f"{address} ({host}) has no name" if not names else f"{address} is {names[0]}, which is not {address}"
            )
            remedy = (
                f"Ask whoever gives you {address} for a PTR record with {host}, and write {host} into the A record."
            )
            return False, words, remedy
    return True, f"{host} has the name that its address says", ""


def mx(lookup: Lookup, domain: str, server: str) -> Said:
    """RFC 5321 §5.1, RFC 7505: what is sent back arrives somewhere."""
    found = [_host(record) for record in lookup.ask(domain, "MX")]
    machine = f"mail.{domain}" if _own_machine(server) else server
    remedy = f'Write this MX record at {domain}: "10 {machine}", or the one that your mail provider names.'
    if found and not all(found):
        return False, "it takes no mail, so nothing that comes back is seen", remedy
    if found:
        return True, f"goes to {', '.join(sorted(found))}", ""
    if lookup.addresses(domain):
        return True, f"goes to {domain} itself", ""
    return False, "it has no mail server, so nothing that comes back is seen", remedy


def _dmarc_records(lookup: Lookup, domain: str) -> Iterator[tuple[str, list[str]]]:
    """Its own, else those of the domains above it."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        place = f"_dmarc.{'.'.join(labels[start:])}"
        if found := lookup.texts(place, "v=dmarc1"):
            yield place, found


def _domains(*addresses: str) -> list[str]:
    return list(dict.fromkeys(address.rpartition("@")[2] for address in addresses if address))


def _tags(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _host(record: Rdata) -> str:
    """The name in an MX or PTR record; empty for the null MX."""
    return record.to_text().rpartition(" ")[2].rstrip(".").lower()


def _related(one: str, other: str) -> bool:
    """Whether one lies below the other, or both below a third: what DMARC calls relaxed, without a list of suffixes."""
    above = one.partition(".")[2], other.partition(".")[2]
    return (
        one == other
        or one.endswith(f".{other}")
        or other.endswith(f".{one}")
        or ("." in above[0] and above[0] == above[1])
    )


def _own_machine(host: str) -> bool:
    """Whether no receiver sees this name or address."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_loopback(host) or "." not in host
