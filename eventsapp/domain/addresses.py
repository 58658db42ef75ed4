"""E-mail addresses: read one as people type it, compare, mask, suggest. Never asks the network."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from email_validator import EmailNotValidError, validate_email

from eventsapp.domain.errors import N_, Invalid

LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
LONGEST_LOCAL_PART = 64  # octets, RFC 5321 §4.5.3.1.1
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[a-z0-9-]+\.)+[a-z0-9-]+")  # as almost all are
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ord("."), 0xFF61: ord(".")}
_AROUND = "<>()[]\"'.,;:"  # what a copied address drags along


@dataclass(frozen=True, slots=True)
class Address:
    """``email`` is for people, ``ascii_email`` for headers and envelopes, ``key`` for comparing.

    ``key`` is casefolded and has the domain in punycode; dots and plus signs stay. ``domain`` is the ASCII domain.
    """

    email: str
    ascii_email: str
    key: str
    domain: str


def read_address(text: str) -> Address:
    """One address as typed or pasted, invisible characters and stray spaces aside. Raises Invalid (key ``email``)."""
    text = _tidied(text)
    if not text:
        raise _invalid(N_("Enter your e-mail address."))
    if len(text) > LONGEST_ADDRESS:
        raise _invalid(N_("Enter an e-mail address of at most %(limit)s characters."), limit=LONGEST_ADDRESS)
    local, at, domain = text.rpartition("@")
    if not (at and local and domain):
        raise _invalid(N_("Enter an e-mail address in the correct format, like name@example.com."))
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in text):
        raise _invalid(N_("Enter one e-mail address without spaces in it, like name@example.com."))
    if not local.isascii():
        raise _invalid(N_("Enter an e-mail address with only unaccented letters, digits and signs before the @."))
    if len(local) > LONGEST_LOCAL_PART:
        raise _invalid(
            N_("Enter an e-mail address with at most %(limit)s characters before the @."), limit=LONGEST_LOCAL_PART
        )
    return _checked(text)


def for_headers(stored: str) -> str:
    """An address that was read when it was stored, in ASCII as headers and envelopes name it. Raises Invalid."""
    return stored if _PLAIN.fullmatch(stored) else read_address(stored).ascii_email


def _checked(text: str) -> Address:
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise _invalid(N_("Enter an e-mail address in the correct format, like name@example.com.")) from error
    local, domain = checked.local_part, checked.ascii_domain.lower()
    ascii_email = f"{local}@{domain}"
    if "." not in domain or len(ascii_email) > LONGEST_ADDRESS:
        raise _invalid(N_("Enter an e-mail address in the correct format, like name@example.com."))
    return Address(f"{local}@{checked.domain}", ascii_email, f"{local.casefold()}@{domain}", domain)


def _tidied(text: str) -> str:
    """Without format characters anywhere, without spaces at the ends and around the @, full-width signs as ASCII."""
    text = text.translate(_FULL_WIDTH)
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Cs"))
    text = re.sub(r"^\s*mailto:", "", text, flags=re.IGNORECASE)
    text = text.strip().strip(_AROUND).strip()
    return re.sub(r"\s*@\s*", "@", text)


def masked(email: str) -> str:
    """``z…@example.org``: enough to recognise one's own address, too little to learn another's."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def hinted(email: str) -> str:
    """``z…@e…``: enough to recognise one's own address, and no room for an advertisement to a stranger."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain[:1]}…"


def flood_key(address: Address) -> str:
    """One key for all spellings that reach one mailbox: without ``+tag``, at Gmail without dots.

    Only for the limits against floods: two people are never taken for one because of it.
    """
    local, _, domain = address.key.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def is_public_provider(domain: str) -> bool:
    """Whether everybody may have an address there, so that many registrations an hour are no wonder."""
    return domain in _PROVIDERS or domain.partition(".")[0] in _PROVIDER_FAMILIES


_PROVIDER_FAMILIES = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex"})
_PROVIDER_NAMES = """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com aol.com
    icloud.com me.com mac.com proton.me protonmail.com pm.me gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de
    freenet.de mail.com email.com zoho.com fastmail.com tutanota.com tuta.com hey.com duck.com qq.com foxmail.com
    163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn naver.com daum.net hanmail.net
    kakao.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp mail.ru bk.ru inbox.ru list.ru yandex.ru yandex.com ya.ru
    rambler.ru ukr.net seznam.cz wp.pl o2.pl onet.pl interia.pl free.fr orange.fr wanadoo.fr laposte.net sfr.fr
    libero.it virgilio.it tiscali.it alice.it terra.com.br uol.com.br bol.com.br ig.com.br rediffmail.com
    btinternet.com sky.com virginmedia.com ntlworld.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net
    cox.net charter.net shaw.ca rogers.com sympatico.ca bigpond.com optusnet.com.au telenet.be skynet.be ziggo.nl
    kpnmail.nl xs4all.nl bluewin.ch prodigy.net.mx
"""
_PROVIDERS = frozenset(_PROVIDER_NAMES.split())
_OFTEN_MISTYPED = (
    "gmail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "hotmail.es",
    "yahoo.es",
    "yahoo.com.mx",
    "yahoo.com.br",
    "googlemail.com",
    "protonmail.com",
)
_WRONG_ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "vom": "com", "comm": "com", "co": "com", "cm": "com"}


def near_miss(email: str) -> str | None:
    """The address that was perhaps meant (``ana@homtail.com`` → ``ana@hotmail.com``). To ask about, never to refuse."""
    local, _, domain = email.rpartition("@")
    domain = domain.lower()
    if not local or (is_public_provider(domain) and domain.rpartition(".")[2] not in _WRONG_ENDINGS):
        return None
    meant = _meant(domain)
    return f"{local}@{meant}" if meant else None


@cache
def _meant(domain: str) -> str | None:
    name, _, ending = domain.rpartition(".")
    if ending in _WRONG_ENDINGS and f"{name}.{_WRONG_ENDINGS[ending]}" in _OFTEN_MISTYPED:
        return f"{name}.{_WRONG_ENDINGS[ending]}"
    return next((known for known in _OFTEN_MISTYPED if _one_slip_apart(domain, known)), None)


def _one_slip_apart(one: str, other: str) -> bool:
    """One character added, left out, changed, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[1:2] + one[:1] == other[:2] and one[2:] == other[2:])
    )


def _invalid(message: str, **values: object) -> Invalid:
    return Invalid(message, key="email", **values)
