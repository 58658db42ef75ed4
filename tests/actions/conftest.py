import pytest
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from tests.actions.planner import Planner
from tests.factory import Make


@pytest.fixture
def planner(make: Make, settings: Settings, session: Session) -> Planner:
    return Planner(make, settings, session)
