"""Every address, form, file and mail with everything wrong in it: no fault of ours, nothing that hangs."""

from collections.abc import Callable

import pytest
from hypothesis import settings as examples

from tests.fuzz import taking_in
from tests.fuzz.conftest import settings, site, standing_clock
from tests.fuzz.site import Site
from tests.fuzz.sweep import sweep
from tests.torture.long import long, printed_seed

__all__ = ["settings", "site", "standing_clock"]

# Parsers leave a broken upload's file to the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FORMLESS = {  # what is posted without a form of a page that the site shows as it stands, and why
    "join.enter": "before the room opens there is no button",
    "manage.follow_ups": "the event has none",
    "organizer.account.end_one": "in no other browser is anybody signed in",
    "organizer.account.end_others": "in no other browser is anybody signed in",
    "organizer.dates.remove": "the date is taken",
    "organizer.imports.begin": "the prepared file is empty",
    "organizer.invitation.accept": "whoever has an account signs in first",
    "organizer.keys.codes_off": "they are not on",
    "organizer.keys.recovery_codes": "no second step is on",
    "organizer.keys.remove_passkey": "the key is somebody else's",
    "organizer.letters.html": "a script asks for it",
    "organizer.mailings.cancel": "it is not ordered",
    "organizer.preflight.check": "nothing is to be said yes to",
    "organizer.registrations.do": "its form asks by GET first",
    "organizer.states.bring_back": "the event is not put away",
    "organizer.states.list_": "it is listed",
    "organizer.states.put_back": "it is not cancelled",
    "organizer.states.withdraw": "somebody is registered",
    "organizer.words.preview": "a script asks for it",
    "security.check": "the owner is signed in",
    "security.check_second_step": "the owner has none",
    "security.passkey": "the owner is signed in",
    "unsubscribe.resume": "nobody has unsubscribed",
}


def test_no_page_breaks(site: Site) -> None:
    rules = [rule for rule in site.rules() if not rule.rule.startswith("/organizer")]
    sweep(site, rules, long(800), printed_seed())


def test_no_page_of_the_desk_breaks(site: Site) -> None:
    rules = [rule for rule in site.rules() if rule.rule.startswith("/organizer")]
    sweep(site, rules, long(1500), printed_seed())


@pytest.mark.parametrize(
    ("take", "number"),
    [(taking_in.import_any_record, 1000), (taking_in.take_in_any_mail, 1500), (taking_in.read_any_sheet, 300)],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_nothing_that_is_taken_in_breaks(
    take: Callable[[Site, examples, int], None],
    number: int,
    site: Site,
) -> None:
    take(site, long(number), printed_seed())


def test_every_form_is_found(site: Site) -> None:
    posts = {rule.endpoint for rule in site.rules() if "POST" in (rule.methods or ())}
    assert posts - site.forms(site.rules()).keys() == FORMLESS.keys()
