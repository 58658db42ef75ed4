from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from tests.factory import Make
from tests.worker.office import Office


@pytest.fixture
def office(app: Flask, session: Session, make: Make, settings: Settings, now: datetime) -> Office:
    return Office(app, session, make, make.event(), settings, now)
