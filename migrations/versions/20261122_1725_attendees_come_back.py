"""attendees come back."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations.base import BatchOperations
from sqlalchemy.dialects import postgresql

revision = "20261122_1725"
down_revision = "20261122_1437"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
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
)
MORE_KINDS = (*KINDS, "link", "verification", "address_change")
STATES = ("confirmed", "waitlisted", "pending", "cancelled", "declined")
MORE_STATES = ("unverified", *STATES)


def upgrade() -> None:
    op.create_table(
        "chosen_option",
        sa.Column("registration_id", KEY, nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("option_id", sa.String(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_chosen_option_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_chosen_option_registration_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chosen_option")),
        sa.UniqueConstraint(
            "registration_id",
            "question_id",
            "option_id",
            name=op.f("uq_chosen_option_registration_id_question_id_option_id"),
        ),
    )
    op.create_index("ix_chosen_option_question_id_option_id", "chosen_option", ["question_id", "option_id"])
    op.create_table(
        "address_change",
        sa.Column("registration_id", KEY, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_address_change_registration_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_address_change_public_id")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_address_change_registration_id")),
    )
    op.create_index("ix_address_change_expires_at", "address_change", ["expires_at"])

    _add_list("event", "city_tzids", "[]", sa.Column("verify_seconds", sa.Integer()))
    _check("event", "ck_event_verify_positive", "verify_seconds IS NULL OR verify_seconds > 0")
    _add_list("occurrence", "recording", "{}")
    _add_list("question", "only_if", "[]")
    _remember_choices()
    op.add_column("registration", sa.Column("verified_at", sa.DateTime(timezone=True)))
    op.add_column("registration", sa.Column("verify_until", sa.DateTime(timezone=True)))

    with _altered("place", ("ck_place_state",)) as place:
        place.add_column(sa.Column("promised", sa.String(40)))
        place.create_check_constraint(op.f("ck_place_state"), _one_of("state", MORE_STATES))
        place.create_check_constraint(op.f("ck_place_promised"), _one_of("promised", MORE_STATES))
        place.create_check_constraint(
            op.f("ck_place_promised_while_unverified"), "(state = 'unverified') = (promised IS NOT NULL)"
        )
    for table in ("letter_text", "message"):
        with _altered(table, (f"ck_{table}_kind",)) as altered:
            altered.create_check_constraint(op.f(f"ck_{table}_kind"), _one_of("kind", MORE_KINDS))


def downgrade() -> None:
    for table in ("letter_text", "message"):
        op.execute(f"DELETE FROM {table} WHERE kind IN ('link', 'verification', 'address_change')")
        with _altered(table, (f"ck_{table}_kind",)) as altered:
            altered.create_check_constraint(op.f(f"ck_{table}_kind"), _one_of("kind", KINDS))
    op.execute("UPDATE place SET state = 'cancelled', promised = NULL WHERE state = 'unverified'")
    with _altered("place", ("ck_place_state", "ck_place_promised", "ck_place_promised_while_unverified")) as place:
        place.drop_column("promised")
        place.create_check_constraint(op.f("ck_place_state"), _one_of("state", STATES))
    with _altered("event", ("ck_event_verify_positive",)) as event:
        event.drop_column("verify_seconds")
        event.drop_column("city_tzids")
    for table, columns in (
        ("registration", ("verify_until", "verified_at")),
        ("question", ("only_if",)),
        ("occurrence", ("recording",)),
    ):
        with _altered(table) as altered:
            for column in columns:
                altered.drop_column(column)
    op.drop_table("address_change")
    op.drop_table("chosen_option")


@contextmanager
def _altered(table: str, leave_out: tuple[str, ...] = ()) -> Iterator[BatchOperations]:
    """Alter a table, first of all leaving out the checks named."""
    with op.batch_alter_table(table) as batch:
        for name in leave_out:
            batch.drop_constraint(op.f(name), type_="check")
        yield batch


def _add_list(table: str, column: str, empty: str, *others: sa.Column) -> None:
    with _altered(table) as altered:
        altered.add_column(sa.Column(column, JSON, nullable=True))
        for other in others:
            altered.add_column(other)
    op.execute(f"UPDATE {table} SET {column} = '{empty}'")
    with _altered(table) as altered:
        altered.alter_column(column, existing_type=JSON, nullable=False)


def _check(table: str, name: str, condition: str) -> None:
    with _altered(table) as altered:
        altered.create_check_constraint(op.f(name), condition)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _remember_choices() -> None:
    """Who chose which option already, so that limits on options count them too."""
    bind = op.get_bind()
    question = sa.table("question", sa.column("id"), sa.column("type"))
    answer = sa.table("answer", sa.column("registration_id"), sa.column("question_id"), sa.column("value", JSON))
    chosen = sa.table("chosen_option", sa.column("registration_id"), sa.column("question_id"), sa.column("option_id"))
    answers = bind.execute(
        sa.select(answer.c.registration_id, answer.c.question_id, answer.c.value)
        .join(question, question.c.id == answer.c.question_id)
        .where(question.c.type.in_(("single_choice", "several_choices")))
    ).all()
    rows = [
        {"registration_id": registration_id, "question_id": question_id, "option_id": option_id}
        for registration_id, question_id, value in answers
        for option_id in dict.fromkeys(value if isinstance(value, list) else [value])
    ]
    if rows:
        bind.execute(sa.insert(chosen), rows)
