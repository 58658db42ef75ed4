"""The organizer's pages. Below ``/organizer``, signed in; every page says by ``Desk.view`` which right it needs."""

from flask import Blueprint

from eventsapp.web.organizer.account import account
from eventsapp.web.organizer.account_keys import keys
from eventsapp.web.organizer.add import add
from eventsapp.web.organizer.channels import channels
from eventsapp.web.organizer.checkin import checkin
from eventsapp.web.organizer.crew import crew
from eventsapp.web.organizer.dates import dates
from eventsapp.web.organizer.details import details
from eventsapp.web.organizer.events import events
from eventsapp.web.organizer.exports import exports
from eventsapp.web.organizer.form import form
from eventsapp.web.organizer.front import front
from eventsapp.web.organizer.imports import imports
from eventsapp.web.organizer.invitation import invitation
from eventsapp.web.organizer.jobs import jobs
from eventsapp.web.organizer.letters import letters
from eventsapp.web.organizer.mailings import mailings
from eventsapp.web.organizer.making import making
from eventsapp.web.organizer.messages import messages
from eventsapp.web.organizer.numbers import numbers
from eventsapp.web.organizer.organization import desk as organization
from eventsapp.web.organizer.placing import placing
from eventsapp.web.organizer.preflight import flight
from eventsapp.web.organizer.privacy import privacy
from eventsapp.web.organizer.registration import registration
from eventsapp.web.organizer.registrations import registrations
from eventsapp.web.organizer.states import states
from eventsapp.web.organizer.team import team
from eventsapp.web.organizer.trail import trails
from eventsapp.web.organizer.words import words

DESKS = (
    front,
    account,
    keys,
    events,
    making,
    states,
    flight,
    words,
    details,
    crew,
    dates,
    registrations,
    add,
    registration,
    placing,
    checkin,
    imports,
    exports,
    jobs,
    letters,
    mailings,
    messages,
    numbers,
    channels,
    form,
    team,
    invitation,
    organization,
    trails,
    privacy,
)

organizer = Blueprint("organizer", __name__, url_prefix="/organizer")
for desk in DESKS:
    organizer.register_blueprint(desk)
