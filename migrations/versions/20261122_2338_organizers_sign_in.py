"""organizers sign in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations.base import BatchOperations
from sqlalchemy.dialects import postgresql

revision = "20261122_2338"
down_revision = "20261122_2029"
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
    "changed",
    "reminder",
    "follow_up",
    "missed",
    "replied",
    "assigned",
    "digest",
)
NEW_KINDS = ("mailing", "password_reset", "security_notice", "team_invitation")
ONE_READER = "(registration_id IS NULL) <> (staff_id IS NULL)"
READERS = ("registration_id", "staff_id", "account_id", "invitation_id")
ONE_OF_FOUR = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in READERS) + " = 1"
WORKING = sa.text("state IN ('queued', 'running')")
TO_WRITE = sa.text("written_at IS NULL AND cancelled_at IS NULL")


def upgrade() -> None:
    _make_tables()
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("active", sa.Boolean()))
        account.add_column(sa.Column("password", sa.String()))
        account.add_column(sa.Column("fs_uniquifier", sa.String()))
        account.add_column(sa.Column("tf_primary_method", sa.String()))
        account.add_column(sa.Column("tf_totp_secret", sa.String()))
        account.add_column(sa.Column("tf_last_counter", sa.Integer()))
        account.add_column(sa.Column("mf_recovery_codes", JSON))
        account.add_column(sa.Column("fs_webauthn_user_handle", sa.String()))
    accounts = sa.table("account", sa.column("id"), sa.column("active"), sa.column("fs_uniquifier"))
    for (id_,) in op.get_bind().execute(sa.select(accounts.c.id)).all():
        values = {"active": True, "fs_uniquifier": secrets.token_hex(32)}
        op.execute(sa.update(accounts).where(accounts.c.id == id_).values(values))
    with op.batch_alter_table("account") as account:
        account.alter_column("active", existing_type=sa.Boolean(), nullable=False)
        account.alter_column("fs_uniquifier", existing_type=sa.String(), nullable=False)
        account.create_unique_constraint(op.f("uq_account_fs_uniquifier"), ["fs_uniquifier"])
        account.create_unique_constraint(op.f("uq_account_fs_webauthn_user_handle"), ["fs_webauthn_user_handle"])
    _add("membership", "limited", sa.Boolean(), "false")
    with op.batch_alter_table("membership") as membership:
        membership.create_check_constraint(op.f("ck_membership_owner_unlimited"), "NOT (limited AND role = 'owner')")
    with op.batch_alter_table("attendance") as attendance:
        attendance.add_column(sa.Column("user_id", KEY))
        attendance.create_foreign_key(
            op.f("fk_attendance_user_id"), "account", ["user_id"], ["id"], ondelete="SET NULL"
        )
    op.add_column("event", sa.Column("archived_at", INSTANT))
    _add("language_variant", "changed", JSON, "'{}'")
    _add("registration", "note", sa.String(), "''")
    _add("question", "retired", sa.Boolean(), "false")
    with _altered("message", ("ck_message_kind", "ck_message_one_reader")) as message:
        for name, table, then in (
            ("account_id", "account", "CASCADE"),
            ("invitation_id", "invitation", "CASCADE"),
            ("mailing_id", "mailing", "SET NULL"),
        ):
            message.add_column(sa.Column(name, KEY))
            message.create_foreign_key(op.f(f"fk_message_{name}"), table, [name], ["id"], ondelete=then)
            message.create_index(op.f(f"ix_message_{name}"), [name])
        message.create_check_constraint(op.f("ck_message_kind"), _one_of("kind", KINDS + NEW_KINDS))
        message.create_check_constraint(op.f("ck_message_one_reader"), ONE_OF_FOUR)
    with _altered("letter_text", ("ck_letter_text_kind",)) as text:
        text.create_check_constraint(op.f("ck_letter_text_kind"), _one_of("kind", KINDS + NEW_KINDS))


def _make_tables() -> None:
    op.create_table(
        "invitation",
        sa.Column("organization_id", KEY, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "manager", "assistant", name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("event_ids", JSON, nullable=False),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("invited_by_id", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["account.id"], name=op.f("fk_invitation_invited_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_invitation_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("organization_id", "address_key", name=op.f("uq_invitation_organization_id_address_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitation_public_id")),
    )
    op.create_index("ix_invitation_expires_at", "invitation", ["expires_at"])

    op.create_table(
        "passkey",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", JSON, nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(), nullable=False),
        sa.Column("extensions", sa.String(), nullable=True),
        sa.Column("create_datetime", INSTANT, nullable=False),
        sa.Column("lastuse_datetime", INSTANT, nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_passkey_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])

    op.create_table(
        "sign_in",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_sign_in_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sign_in_public_id")),
    )
    op.create_index("ix_sign_in_seen_at", "sign_in", ["seen_at"])
    op.create_index("ix_sign_in_user_id", "sign_in", ["user_id"])

    op.create_table(
        "channel",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_channel_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_channel_code")),
        sa.UniqueConstraint("event_id", "name", name=op.f("uq_channel_event_id_name")),
    )
    op.create_table(
        "job",
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("organization_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column(
            "kind",
            sa.Enum("export", "import", "bulk", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("asked", JSON, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "queued",
                "running",
                "done",
                "failed",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failures", JSON, nullable=False),
        sa.Column("cancel_at", INSTANT, nullable=True),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.CheckConstraint("done >= 0 AND failed >= 0", name=op.f("ck_job_counts_not_negative")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_job_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_job_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_job_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("public_id", name=op.f("uq_job_public_id")),
    )
    op.create_index("ix_job_event_id", "job", ["event_id"])
    op.create_index("ix_job_expires_at", "job", ["expires_at"])
    op.create_index("ix_job_organization_id", "job", ["organization_id"])
    op.create_index("ix_job_waiting", "job", ["id"], sqlite_where=WORKING, postgresql_where=WORKING)

    op.create_table(
        "mailing",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("filter", JSON, nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("needed", sa.Boolean(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=True),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_mailing_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_mailing_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mailing_public_id")),
    )
    op.create_index("ix_mailing_due_at", "mailing", ["due_at"], sqlite_where=TO_WRITE, postgresql_where=TO_WRITE)
    op.create_index("ix_mailing_event_id", "mailing", ["event_id"])

    op.create_table(
        "membership_event",
        sa.Column("membership_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_membership_event_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_membership_event_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("membership_id", "event_id", name=op.f("pk_membership_event")),
    )
    op.create_index("ix_membership_event_event_id", "membership_event", ["event_id"])

    op.create_table(
        "audit_entry",
        sa.Column("organization_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("registration_id", KEY, nullable=True),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_audit_entry_event_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_audit_entry_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_audit_entry_registration_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_audit_entry_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_event_id_at", "audit_entry", ["event_id", "at"])
    op.create_index("ix_audit_entry_organization_id_at", "audit_entry", ["organization_id", "at"])
    op.create_index("ix_audit_entry_registration_id_at", "audit_entry", ["registration_id", "at"])

    op.create_table(
        "job_file",
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mimetype", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_file_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_file")),
    )
    op.create_index("ix_job_file_job_id", "job_file", ["job_id"])

    op.create_table(
        "visits",
        sa.Column("channel_id", KEY, nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_visits_number_not_negative")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_visits_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("channel_id", "visited_on", name=op.f("uq_visits_channel_id_visited_on")),
    )


def downgrade() -> None:
    op.execute(f"DELETE FROM letter_text WHERE {_one_of('kind', NEW_KINDS)}")
    op.execute(f"DELETE FROM message WHERE {_one_of('kind', NEW_KINDS)}")
    with _altered("letter_text", ("ck_letter_text_kind",)) as text:
        text.create_check_constraint(op.f("ck_letter_text_kind"), _one_of("kind", KINDS))
    with _altered("message", ("ck_message_kind", "ck_message_one_reader")) as message:
        for name in ("mailing_id", "invitation_id", "account_id"):
            message.drop_index(op.f(f"ix_message_{name}"))
            message.drop_constraint(op.f(f"fk_message_{name}"), type_="foreignkey")
            message.drop_column(name)
        message.create_check_constraint(op.f("ck_message_kind"), _one_of("kind", KINDS))
        message.create_check_constraint(op.f("ck_message_one_reader"), ONE_READER)
    with op.batch_alter_table("registration") as registration:
        registration.drop_column("note")
    with op.batch_alter_table("question") as question:
        question.drop_column("retired")
    with op.batch_alter_table("language_variant") as variant:
        variant.drop_column("changed")
    with op.batch_alter_table("event") as event:
        event.drop_column("archived_at")
    with op.batch_alter_table("attendance") as attendance:
        attendance.drop_constraint(op.f("fk_attendance_user_id"), type_="foreignkey")
        attendance.drop_column("user_id")
    with op.batch_alter_table("membership") as membership:
        membership.drop_constraint(op.f("ck_membership_owner_unlimited"), type_="check")
        membership.drop_column("limited")
    with op.batch_alter_table("account") as account:
        account.drop_constraint(op.f("uq_account_fs_webauthn_user_handle"), type_="unique")
        account.drop_constraint(op.f("uq_account_fs_uniquifier"), type_="unique")
        for name in (
            "fs_webauthn_user_handle",
            "mf_recovery_codes",
            "tf_last_counter",
            "tf_totp_secret",
            "tf_primary_method",
            "fs_uniquifier",
            "password",
            "active",
        ):
            account.drop_column(name)
    for table in (
        "visits",
        "job_file",
        "audit_entry",
        "membership_event",
        "mailing",
        "job",
        "channel",
        "sign_in",
        "passkey",
        "invitation",
    ):
        op.drop_table(table)


@contextmanager
def _altered(table: str, leave_out: tuple[str, ...]) -> Iterator[BatchOperations]:
    """Alter a table, first of all leaving out the checks named."""
    with op.batch_alter_table(table) as batch:
        for name in leave_out:
            batch.drop_constraint(op.f(name), type_="check")
        yield batch


def _add(table: str, name: str, kind: Any, value: str) -> None:
    """Add a column that holds ``value``, as SQL says it, in every row that is there."""
    with op.batch_alter_table(table) as altered:
        altered.add_column(sa.Column(name, kind))
    op.execute(f"UPDATE {table} SET {name} = {value}")
    with op.batch_alter_table(table) as altered:
        altered.alter_column(name, existing_type=kind, nullable=False)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
