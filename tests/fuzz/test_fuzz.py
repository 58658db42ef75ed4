"""A short look at what ``tests/torture/test_fuzz.py`` does at length, and that it would find what breaks."""

import pytest
from flask import Response, request
from hypothesis import Phase
from hypothesis import settings as examples

from tests.fuzz import taking_in
from tests.fuzz.site import Site
from tests.fuzz.sweep import sweep

# Parsers leave a broken upload's file to the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SHORT = examples(max_examples=40, phases=[Phase.generate])
PUBLIC = ("public.", "registrations.", "lost_link.", "zones.")


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """Both in tests/torture."""
    return _sqlite_url


def test_something_stands_behind_each_part_of_every_address(site: Site) -> None:
    assert {
        (rule.endpoint, name) for rule in site.rules() for name in rule.arguments if not site.knows(rule, name)
    } == set()


def test_no_public_page_breaks(site: Site) -> None:
    sweep(site, [rule for rule in site.rules() if rule.endpoint.startswith(PUBLIC)], SHORT)


def test_no_mail_breaks_what_reads_it(site: Site) -> None:
    taking_in.take_in_any_mail(site, SHORT)


def test_no_record_breaks_the_import(site: Site) -> None:
    taking_in.import_any_record(site, SHORT)


def _raises() -> str:
    raise ZeroDivisionError


FAULTS = {
    "raises": _raises,
    "markup": lambda: f"<p>{request.args.get('q', '')}</p>",
    "cookie": lambda: Response("", headers={"Set-Cookie": "a=b"}),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_page_that_breaks_is_found(site: Site, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setitem(site.app.view_functions, "zones.choose", FAULTS[fault])
    rules = [rule for rule in site.rules() if rule.endpoint == "zones.choose"]
    with pytest.raises((ZeroDivisionError, AssertionError)):
        sweep(site, rules, examples(SHORT, max_examples=300))
