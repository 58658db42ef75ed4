"""Which passwords are good enough: long, and not among the first that anybody tries (NIST SP 800-63B §3.1.1.2)."""

import re

from eventsapp.domain.errors import N_, Invalid

LEAST = 10
MOST = 500  # nobody types more, and a hash of more costs more
# Those of ten signs and more that lists of leaked passwords begin with.
_LEAKED = """
    1234567890 0123456789 0987654321 9876543210 12345678910 123456789a a123456789 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz2wsx3edc zaq12wsxcde q1w2e3r4t5 qwertyuiop qwertyuiop123 qwerty12345 qwerty123456 asdfghjkl1 asdfghjklñ
    1234qwerasdf password12 password123 password1234 password12345 password123456 passwordpassword mypassword
    passw0rd123 p@ssw0rd123 p@ssword123 administrator administrador adminadmin admin12345 admin123456
    letmein123 letmein1234 welcome123 welcome1234 iloveyou12 iloveyou123 iloveyouforever princess123 sunshine123
    football123 baseball123 superman123 michael123 abcdefghij abcdefghijk abcd123456 abc1234567 abc123abc123
    changeme123 changeme1234 test123456 testtesttest qwertzuiop qwertz12345 azertyuiop azerty12345 contraseña
    contrasena123 passwort123 motdepasse motdepasse123 wachtwoord senha12345 organizer1 organizer123 eventsapp123
"""
_COMMON = frozenset(_LEAKED.split())


def check_password(text: str, email: str = "") -> str:
    """The password as it is. Raises Invalid, which says what to do."""
    if len(text) < LEAST:
        raise Invalid(N_("Write at least 10 characters."), key="password")
    if len(text) > MOST:
        raise Invalid(N_("Write at most 500 characters."), key="password")
    if _is_guessed(text.casefold(), email.casefold()):
        raise Invalid(N_("This password is too easy to guess. Choose another one."), key="password")
    return text


def _is_guessed(text: str, email: str) -> bool:
    ours = {email, email.partition("@")[0]}
    return text in _COMMON or text in ours or re.fullmatch(r"(.{1,4}?)\1+.{0,3}", text) is not None
