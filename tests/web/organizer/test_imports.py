"""People from a spreadsheet, over HTTP and through the worker: mapping, dry run, doing it, doing it again."""

import csv
import io
import json
import re
from threading import Event as Signal

import openpyxl
import pytest
from sqlalchemy import func, select

from eventsapp.actions import jobs as acting
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import JobState, PlaceState, QuestionType
from eventsapp.models import AuditEntry, Event, Job, JobFile, Message, Place, Registration
from eventsapp.queries.exports import Sheet, Wanted, column_names
from eventsapp.queries.imports.cells import typed
from eventsapp.queries.imports.columns import guess
from eventsapp.queries.registrations import question_specs
from eventsapp.reading.spreadsheet import MOST_BYTES
from eventsapp.spreadsheets import CsvWriter, XlsxWriter
from eventsapp.translations import speaking
from eventsapp.web.pages import now
from eventsapp.worker.jobs import Jobs

AT = "/o/example-league/events/forum/registrations/import"
QUESTIONS = [
    {
        "key": "diet",
        "type": "several_choices",
        "required": True,
        "label": {"en": "What do you eat?", "es": "¿Qué come?"},
        "options": [
            {"id": "all", "label": {"en": "Meat, fish, all", "es": "De todo"}},
            {"id": "no-nuts", "label": {"en": "No nuts", "es": "Sin nueces"}},
            {"id": "more", "label": {"en": "Something else", "es": "Otra cosa"}, "other": True},
        ],
    },
    {"key": "country", "type": "country", "label": {"en": "Country", "es": "País"}},
    {"key": "age", "type": "number", "label": {"en": "Age"}},
    {"key": "phone", "type": "phone", "label": {"en": "Phone"}},
    {"key": "text", "type": "long_text", "label": {"en": "Anything else?"}},
    {"key": "first", "type": "yes_no", "label": {"en": "First time?"}},
]
ANSWERS = {
    "diet": {"chosen": ["all", "more"], "said": "No eggs; no milk, please"},
    "country": "MX",
    "age": 1.234,
    "phone": "+41785324567",
    "text": "=2+3\nsecond line",
    "first": False,
}


@pytest.fixture
def owner(desk, make):
    event = make.event(questions=QUESTIONS)
    return desk(make.member(event.organization))


def only_event():
    return db.session.scalars(select(Event).where(Event.slug == "forum")).one()


def send(owner, data, name="people.csv"):
    """The address below which the file is looked at."""
    data = data if isinstance(data, bytes) else data.encode()
    answer = owner.post(AT, {"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")
    assert answer.status_code == 303, re.findall(r'class="error".*', answer.text)
    return answer.location.removesuffix("/columns").removeprefix("/organizer")


def numbers(owner, at):
    """New, changed, unchanged, wrong."""
    return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", owner.get(at).text)]


def mistakes(owner, at):
    rows = csv.reader(io.StringIO(owner.get(f"{at}/mistakes.csv").data.decode("utf-8-sig")))
    return [(int(row[-2]), row[-1]) for row in list(rows)[1:]]


def columns(**changed):
    job = db.session.scalars(select(Job).order_by(Job.id.desc())).first()
    usual = {"language": "en", "zone": "Los Angeles", "dates": "english"}
    return {f"c{at}": target for at, target in enumerate(job.asked["columns"])} | usual | changed


def work(app, steps=100):
    lane = Jobs(app.extensions["settings"], now)
    for _step in range(steps):
        if lane.work(Signal(), 0.1):
            break
    return db.session.scalars(select(Job).order_by(Job.id.desc()).execution_options(populate_existing=True)).first()


def order(owner, at, **form):
    answer = owner.post(at, form)
    assert answer.status_code == 303, answer.text
    assert "/jobs/" in answer.location


def people():
    rows = db.session.scalars(select(Registration).order_by(Registration.id).execution_options(populate_existing=True))
    return {row.email: (row.name, row.language_tag, row.tzid, row.note) for row in rows}


def exported(file, tag, *, by_place=False):
    event = only_event()
    with speaking(tag):
        wanted = Wanted.read({"columns": list(column_names(event, tag)), "by_place": by_place})
        sheet = Sheet(event, wanted, tag=tag)
        file.row(sheet.heads())
        for row in sheet.batch(db.session(), event, after_id=0)[0]:
            file.row(row)
    file.close()


@pytest.mark.parametrize(
    "asked",
    [(CsvWriter, "en", False), (CsvWriter, "ar", True), (XlsxWriter, "de", True), (XlsxWriter, "zh-Hans", False)],
    ids=["csv-en", "csv-ar", "xlsx-de", "xlsx-zh"],
)
def test_our_own_export_changes_nothing_and_fills_an_empty_event(owner, make, app, asked):
    writer, tag, by_place = asked
    with transaction() as session:
        event = session.merge(only_event())
        event.occurrences[1].capacity = 1
    both = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED}
    make.registration(event, places=both, answers=ANSWERS, name="O'Brien", note="'=quoted", language_tag="es-MX")
    make.registration(event, places={"english": PlaceState.CANCELLED}, language_tag="zh-Hant")
    make.registration(event, name="'-- x", tzid="Asia/Kathmandu", answers={"diet": ["no-nuts"]})
    file = io.BytesIO()
    exported(writer(file), tag, by_place=by_place)
    at = send(owner, file.getvalue())
    assert numbers(owner, at) == [0, 0, 3, 0]
    assert "other places here" not in owner.get(at).text
    before = people()
    with transaction() as session:
        for one in session.scalars(select(Registration)):
            session.delete(one)
    db.session.expire_all()
    assert [row for row, _sentence in mistakes(owner, at)] == ([2, 4] if by_place else [2, 3])
    diet = db.session.scalars(select(Job)).one().asked["columns"].index("answer:age")
    owner.post(f"{at}/columns", columns(**{f"c{diet}": ""}))  # 1.234 is a thousand and more elsewhere
    assert numbers(owner, at)[0] == 2
    order(owner, at)
    assert work(app).state is JobState.DONE
    gone = [email for email, told in before.items() if told[1] == "zh-Hant"]
    assert people() == {email: told for email, told in before.items() if email not in gone}
    states = db.session.execute(
        select(Place.state).join(Place.registration).order_by(Registration.email, Place.occurrence_id)
    ).scalars()
    assert list(states) == [PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.CONFIRMED]


def test_a_foreign_sheet_is_mapped_looked_at_and_taken_over_once(owner, make, app):
    event = only_event()
    make.registration(event, email="ana@example.org", name="Ana", note="old", answers={"diet": ["no-nuts"], "age": 30})
    book = openpyxl.Workbook()
    book.active.append(["Nombre", "Apellidos", "Correo", "Idioma", "País", "¿Qué come?", "Zimmer"])
    book.active.append(["Ana", "Díaz", "ANA@example.org", "español", "Suisse", "", "12"])
    book.active.append(["Bo", "Li", "bo@example.org", "", "墨西哥", "De todo | Sin nueces", 12])
    book.active.append(["Cy", "", "cy@example", "", "", "", ""])
    book.active.append(["Di", "", "di@example.org", "Klingon", "Atlantis", "Stones", ""])
    book.active.append(["Bo", "Li", "bo@example.org", "", "", "De todo", ""])
    file = io.BytesIO()
    book.save(file)
    at = send(owner, file.getvalue(), "gente.pdf")
    page = owner.get(f"{at}/columns").text
    assert [*re.findall(r'value="([^"]*)" selected', page)][:7] == [
        "first_name", "last_name", "email", "language", "answer:country", "answer:diet", "",
    ]  # fmt: skip
    assert owner.post(f"{at}/columns", columns(c0="email")).status_code == 422
    assert owner.post(f"{at}/columns", columns(c2="")).status_code == 422
    assert owner.post(f"{at}/columns", columns(zone="Nowhere")).status_code == 422
    assert owner.post(f"{at}/columns", columns(c6="note")).status_code == 303
    assert numbers(owner, at) == [1, 1, 0, 3]
    found = mistakes(owner, at)
    assert [row for row, _sentence in found] == [4, 5, 6]
    assert re.findall(r"(\S+): ", found[1][1]) == ["Idioma", "come?", "País"]
    assert "row 3" in found[2][1]
    order(owner, at, tell="yes")
    done = work(app)
    assert (done.state, done.done, done.failed) == (JobState.DONE, 2, 3)
    assert [failure["row"] for failure in done.failures] == [4, 5, 6]
    assert people() == {
        "ana@example.org": ("Ana Díaz", "es", "America/Mexico_City", "12"),
        "bo@example.org": ("Bo Li", "en", "America/Los_Angeles", "12"),
    }
    ana, bo = db.session.scalars(select(Registration).order_by(Registration.id))
    assert {one.question.key: one.value for one in ana.answers} == {"diet": ["no-nuts"], "age": 30, "country": "CH"}
    assert {one.question.key: one.value for one in bo.answers} == {"diet": ["all", "no-nuts"], "country": "MX"}
    assert bo.source == "import"
    assert [(one.recipient, one.kind.value) for one in db.session.scalars(select(Message))] == [
        ("bo@example.org", "confirmation")
    ]
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["imported", "registration_edited", "registration_added"]
    assert "Ana" not in json.dumps([entry.changes for entry in db.session.scalars(select(AuditEntry))])
    assert db.session.scalar(select(func.count()).select_from(JobFile)) == 0
    again = send(owner, file.getvalue())
    owner.post(f"{again}/columns", columns(c6="note"))
    assert numbers(owner, again) == [0, 0, 2, 3]


def test_capacity_holds_before_and_while_it_is_done(owner, make, app, monkeypatch):
    monkeypatch.setattr("eventsapp.actions.import_registrations.STEP", 1)
    with transaction() as session:
        event = session.merge(only_event())
        event.occurrences[0].capacity = 2
    rows = "".join(f"P{number},p{number}@example.org,x\n" for number in range(4))
    at = send(owner, f"Name;E-mail;english\n{rows}".replace(",", ";"))
    assert guess(only_event(), ["english"]) == ["date:english"]
    assert numbers(owner, at) == [2, 0, 0, 2]
    order(owner, at)
    lane = Jobs(app.extensions["settings"], now)
    assert lane.work(Signal(), 0.1) == 0.0
    assert list(people()) == ["p0@example.org"]
    with transaction() as session:  # killed: another worker goes on once the lease is over
        session.scalars(select(Job)).one().lease_until = now() - acting.LEASE
    make.registration(only_event(), email="late@example.org", places={"english": PlaceState.CONFIRMED})
    done = work(app)
    assert (done.state, done.done, done.failed) == (JobState.DONE, 1, 3)
    assert [*people()] == ["p0@example.org", "late@example.org"]
    assert db.session.scalar(select(func.count()).select_from(Message)) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 no archive",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"name,e-mail\n",
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(owner, data):
    answer = owner.post(AT, {"file": (io.BytesIO(data), "x.xlsx")}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert 'id="file:error"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_large_file_is_let_in_here_alone(owner):
    heads = b"Name,E-mail,Note\n"
    for size, status in ((2 << 20, 303), (MOST_BYTES, 422)):
        file = io.BytesIO(heads + b"Ana,ana@example.org,%s\n" % (b"x" * 5000) * (size // 5000))
        answer = owner.post(AT, {"file": (file, "x.csv")}, content_type="multipart/form-data")
        answer.request.environ["wsgi.input"].close()  # the test client leaves that to the collector
        assert answer.status_code == status
    answer = owner.client.post("/organizer" + AT + "/none/columns", data={"c0": "x" * (2 << 20)})
    assert answer.status_code == 413


def test_a_file_can_be_forgotten_and_is_nobody_elses(owner, desk, make):
    at = send(owner, "Name,E-mail\n=cmd|' /C calc'!A0,a@example.org\n<script>,b@example.org\n")
    page = owner.get(f"{at}/columns").text
    assert "&lt;script&gt;" in page
    assert "<script>," not in page
    other = make.event("other", occurrences=[])
    assert owner.get(at.replace("/forum/", f"/{other.slug}/")).status_code == 404
    assert owner.get(f"{AT}/none").status_code == 404
    assert owner.post(f"{at}/discard").status_code == 303
    assert owner.get(at).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(JobFile)) == 0
    with transaction() as session:
        session.merge(only_event()).published_at = None
    assert "Publish the event first" in owner.get(AT).text


def test_options_are_read_as_people_list_them(make):
    spec = question_specs(make.event(questions=QUESTIONS))[0]
    assert spec.type is QuestionType.SEVERAL_CHOICES
    assert typed(spec, "no nuts, MEAT, FISH, ALL") == {"diet": ["no-nuts", "all"]}
    assert typed(spec, "Otra cosa: pan; vino； Sin nueces") == {
        "diet": ["more", "no-nuts"], "diet:other": ["pan; vino"],
    }  # fmt: skip
    assert typed(spec, "Stones") == {"diet": ["Stones"]}
    hostile = "No nuts; " * 90
    assert typed(spec, hostile) == {"diet": [hostile]}
    assert len(typed(spec, hostile + "No nuts")["diet"]) == 91
    many = "Something else: " + ";" * 1900
    assert typed(spec, many) == {"diet": [many]}
