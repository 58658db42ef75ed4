"""An outbox as it is after years: very many letters, copied within the database from one."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from eventsapp.models import Message, Registration


def multiply(session: Session, message: Message, people: int, sent_each: int) -> None:
    """So many people more, each with so many letters that were sent and with one that waits. Analyzed at the end."""
    given = {"person": message.registration_id, "letter": message.id, "people": people, "each": sent_each}
    new = {"public_id": "'p' || n", "reference": "'R' || n", "address_key": "n || '@example.com'"}
    session.execute(text(_copies(Registration, new, "people", "registration.id = :person")), given)
    name = "registration.reference || '.' || n"
    new = dict.fromkeys(("public_id", "message_id", "dedupe_key"), name) | {
        "registration_id": "registration.id",
        "address_key": "registration.address_key",
        "state": "CASE WHEN n = 1 THEN 'queued' ELSE 'sent' END",
    }
    others = " CROSS JOIN registration"
    mine = "message.id = :letter AND registration.reference LIKE 'R%'"
    session.execute(text(_copies(Message, new, "each + 1", mine, others)), given)
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()


def _copies(table: Any, new: dict[str, str], times: str, where: str, others: str = "") -> str:
    name = table.__tablename__
    columns = [column.name for column in table.__table__.columns if column.name != "id"]
    values = [new.get(column, f"{name}.{column}") for column in columns]
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :{times})"  # noqa: S608
    chosen = f"SELECT {', '.join(values)} FROM {name} CROSS JOIN numbers{others} WHERE {where}"  # noqa: S608
    return f"{numbers} INSERT INTO {name} ({', '.join(columns)}) {chosen}"
