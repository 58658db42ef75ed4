from collections.abc import Iterator

import pytest

from tests.ical.readers import IcalJs, Reader, start_ical_js, with_icalendar, with_vobject


@pytest.fixture(scope="session")
def ical_js() -> Iterator[IcalJs]:
    reader = start_ical_js()
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def readers(ical_js: IcalJs) -> list[Reader]:
    return [ical_js, with_icalendar, with_vobject]
