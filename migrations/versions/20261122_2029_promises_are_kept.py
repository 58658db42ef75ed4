"""promises are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations.base import BatchOperations
from sqlalchemy.dialects import postgresql

revision = "20261122_2029"
down_revision = "20261122_1730"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
KINDS = (
    "confirmation",
    "invite",
    "waitlisted",
    "pending",
    "approved",
    "declined",
    "promoted",
    "cancelled",
    "already_registered",
    "link",
    "verification",
    "address_change",
)
NEW_KINDS = ("changed", "reminder", "follow_up", "missed", "replied", "assigned", "digest")
STATES = ("queued", "sending", "sent", "failed", "superseded")
NEW_STATES = ("bounced", "suppressed")
REMINDERS = '["24 hours before start", "1 hour before start"]'
TO_TELL = sa.text("tell_at IS NOT NULL")
TO_PLAN = sa.text("plan_at IS NOT NULL")
TO_REMIND = sa.text("remind_at IS NOT NULL")
DIGESTED = sa.text("digest_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sa.UniqueConstraint("lane", name=op.f("uq_outage_lane")),
    )
    op.create_table(
        "suppressed_address",
        sa.Column("organization_id", KEY, nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "bounced",
                "complained",
                "unsubscribed",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_suppressed_address_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressed_address")),
        sa.UniqueConstraint(
            "organization_id",
            "address_hash",
            "reason",
            name=op.f("uq_suppressed_address_organization_id_address_hash_reason"),
        ),
    )
    op.create_table(
        "staff",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "organizer", "host", "interpreter", name="role", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "digest",
            sa.Enum("day", "week", "never", name="digest", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("digest_at", INSTANT, nullable=True),
        sa.Column("digested_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_staff_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("event_id", "role", "address_key", name=op.f("uq_staff_event_id_role_address_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_staff_public_id")),
    )
    op.create_table(
        "assignment",
        sa.Column("staff_id", KEY, nullable=False),
        sa.Column("occurrence_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("told_sequence", sa.Integer(), nullable=True),
        sa.Column("told_revision", sa.Integer(), nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("plan_at", INSTANT, nullable=True),
        sa.Column("remind_at", INSTANT, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_assignment_revision_not_negative")),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_assignment_occurrence_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_assignment_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("staff_id", "occurrence_id", name=op.f("uq_assignment_staff_id_occurrence_id")),
    )
    op.create_table(
        "revision",
        sa.Column("occurrence_id", KEY, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("summary", JSON, nullable=False),
        sa.Column("location", JSON, nullable=False),
        sa.Column("default_language_tag", sa.String(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_revision_occurrence_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("occurrence_id", "sequence", name=op.f("uq_revision_occurrence_id_sequence")),
    )
    op.create_index("ix_staff_digest_at", "staff", ["digest_at"], sqlite_where=DIGESTED, postgresql_where=DIGESTED)
    op.create_index("ix_assignment_occurrence_id_told_sequence", "assignment", ["occurrence_id", "told_sequence"])
    op.create_index("ix_assignment_plan_at", "assignment", ["plan_at"], sqlite_where=TO_PLAN, postgresql_where=TO_PLAN)
    op.create_index(
        "ix_assignment_remind_at", "assignment", ["remind_at"], sqlite_where=TO_REMIND, postgresql_where=TO_REMIND
    )

    _add(
        "event",
        {"reminders": (JSON, f"'{REMINDERS}'"), "follow_ups": (JSON, "'[]'"), "scheduled_at": (INSTANT, "changed_at")},
    )
    _add("occurrence", {"timed_at": (INSTANT, "revised_at")}, sa.Column("tell_at", INSTANT))
    op.create_index("ix_occurrence_tell_at", "occurrence", ["tell_at"], sqlite_where=TO_TELL, postgresql_where=TO_TELL)
    with op.batch_alter_table("place") as place:
        for column in (
            sa.Column("told_sequence", sa.Integer()),
            sa.Column("told_at", INSTANT),
            sa.Column("plan_at", INSTANT),
        ):
            place.add_column(column)
    op.create_index("ix_place_occurrence_id_told_sequence", "place", ["occurrence_id", "told_sequence"])
    op.create_index("ix_place_plan_at", "place", ["plan_at"], sqlite_where=TO_PLAN, postgresql_where=TO_PLAN)
    op.add_column("registration", sa.Column("reminders_off_at", INSTANT))

    with _altered("message", ("ck_message_kind", "ck_message_state")) as message:
        message.add_column(sa.Column("staff_id", KEY))
        message.add_column(sa.Column("expires_at", INSTANT))
        message.alter_column("registration_id", existing_type=KEY, nullable=True)
        message.create_foreign_key(op.f("fk_message_staff_id"), "staff", ["staff_id"], ["id"], ondelete="CASCADE")
        message.create_check_constraint(op.f("ck_message_kind"), _one_of("kind", KINDS + NEW_KINDS))
        message.create_check_constraint(op.f("ck_message_state"), _one_of("state", STATES + NEW_STATES))
        message.create_check_constraint(
            op.f("ck_message_one_reader"), "(registration_id IS NULL) <> (staff_id IS NULL)"
        )
    op.create_index("ix_message_staff_id", "message", ["staff_id"])
    with _altered("letter_text", ("ck_letter_text_kind",)) as text:
        text.create_check_constraint(op.f("ck_letter_text_kind"), _one_of("kind", KINDS + NEW_KINDS))

    _put_on_record()
    op.execute(
        "UPDATE place SET told_sequence = (SELECT sequence FROM occurrence WHERE occurrence.id = place.occurrence_id),"
        " told_at = changed_at WHERE state <> 'unverified'"
    )
    op.execute("UPDATE place SET plan_at = changed_at WHERE state = 'confirmed'")


def downgrade() -> None:
    op.execute(f"DELETE FROM message WHERE staff_id IS NOT NULL OR {_one_of('kind', NEW_KINDS)}")
    op.execute(f"UPDATE message SET state = 'failed' WHERE {_one_of('state', NEW_STATES)}")
    op.execute(f"DELETE FROM letter_text WHERE {_one_of('kind', NEW_KINDS)}")
    with _altered("letter_text", ("ck_letter_text_kind",)) as text:
        text.create_check_constraint(op.f("ck_letter_text_kind"), _one_of("kind", KINDS))
    op.drop_index("ix_message_staff_id", "message")
    with _altered("message", ("ck_message_kind", "ck_message_state", "ck_message_one_reader")) as message:
        message.drop_constraint(op.f("fk_message_staff_id"), type_="foreignkey")
        message.drop_column("staff_id")
        message.drop_column("expires_at")
        message.alter_column("registration_id", existing_type=KEY, nullable=False)
        message.create_check_constraint(op.f("ck_message_kind"), _one_of("kind", KINDS))
        message.create_check_constraint(op.f("ck_message_state"), _one_of("state", STATES))
    for index, table in (
        ("ix_place_plan_at", "place"),
        ("ix_place_occurrence_id_told_sequence", "place"),
        ("ix_occurrence_tell_at", "occurrence"),
    ):
        op.drop_index(index, table)
    for table, columns in (
        ("registration", ("reminders_off_at",)),
        ("place", ("plan_at", "told_at", "told_sequence")),
        ("occurrence", ("tell_at", "timed_at")),
        ("event", ("scheduled_at", "follow_ups", "reminders")),
    ):
        with op.batch_alter_table(table) as altered:
            for column in columns:
                altered.drop_column(column)
    for table in ("revision", "assignment", "staff", "suppressed_address", "outage"):
        op.drop_table(table)


@contextmanager
def _altered(table: str, leave_out: tuple[str, ...] = ()) -> Iterator[BatchOperations]:
    """Alter a table, first of all leaving out the checks named."""
    with op.batch_alter_table(table) as batch:
        for name in leave_out:
            batch.drop_constraint(op.f(name), type_="check")
        yield batch


def _add(table: str, columns: dict[str, tuple[Any, str]], *others: sa.Column) -> None:
    """Add columns that hold something in every row: {name: (type, SQL for the rows that are there)}."""
    with op.batch_alter_table(table) as altered:
        for name, (kind, _value) in columns.items():
            altered.add_column(sa.Column(name, kind))
        for other in others:
            altered.add_column(other)
    values = ", ".join(f"{name} = {value}" for name, (_kind, value) in columns.items())
    op.execute(f"UPDATE {table} SET {values}")
    with op.batch_alter_table(table) as altered:
        for name, (kind, _value) in columns.items():
            altered.alter_column(name, existing_type=kind, nullable=False)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _put_on_record() -> None:
    """What every occurrence says now is what people were told at its sequence, as far as anybody knows."""
    bind = op.get_bind()
    event = sa.table("event", sa.column("id"), sa.column("default_language_tag"), sa.column("cancelled_at", INSTANT))
    variant = sa.table("language_variant", sa.column("event_id"), sa.column("language_tag"), sa.column("summary"))
    conference = sa.table("conference", sa.column("occurrence_id"))
    times = [sa.column(name, INSTANT) for name in ("starts_at", "ends_at", "revised_at", "cancelled_at")]
    occurrence = sa.table(
        "occurrence",
        *(sa.column(name) for name in ("id", "event_id", "sequence", "tzid")),
        sa.column("location", JSON),
        *times,
    )
    events = {row.id: row for row in bind.execute(sa.select(event))}
    summaries: dict[int, dict[str, str]] = {}
    for row in bind.execute(sa.select(variant)):
        summaries.setdefault(row.event_id, {})[row.language_tag] = row.summary
    rooms = set(bind.scalars(sa.select(conference.c.occurrence_id)))
    rows = [
        {
            "occurrence_id": row.id,
            "sequence": row.sequence,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "tzid": row.tzid,
            "summary": summaries.get(row.event_id, {}),
            "location": row.location,
            "default_language_tag": events[row.event_id].default_language_tag,
            "online": row.id in rooms or not any(row.location.values()),
            "cancelled": row.cancelled_at is not None or events[row.event_id].cancelled_at is not None,
            "made_at": row.revised_at,
        }
        for row in bind.execute(sa.select(occurrence))
    ]
    if rows:
        kept = sa.table(
            "revision",
            *(
                sa.column(name)
                for name in ("occurrence_id", "sequence", "tzid", "default_language_tag", "online", "cancelled")
            ),
            *(sa.column(name, INSTANT) for name in ("starts_at", "ends_at", "made_at")),
            *(sa.column(name, JSON) for name in ("summary", "location")),
        )
        bind.execute(sa.insert(kept), rows)
