"""foundation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_1437"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("address_key", name=op.f("uq_account_address_key")),
    )
    op.create_table(
        "address_use",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("domain_hash", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_use")),
    )
    op.create_index("ix_address_use_address_hash_used_at", "address_use", ["address_hash", "used_at"], unique=False)
    op.create_index("ix_address_use_domain_hash_used_at", "address_use", ["domain_hash", "used_at"], unique=False)
    op.create_index("ix_address_use_used_at", "address_use", ["used_at"], unique=False)

    op.create_table(
        "organization",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("default_tzid", sa.String(), nullable=False),
        sa.Column("default_language_tag", sa.String(), nullable=False),
        sa.Column("privacy_url", sa.String(), nullable=False),
        sa.Column("imprint_url", sa.String(), nullable=False),
        sa.Column("accent", sa.String(), nullable=False),
        sa.Column("conference_hosts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "retention_days IS NULL OR retention_days >= 1", name=op.f("ck_organization_retention_positive")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
    )
    op.create_table(
        "event",
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("default_language_tag", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("picture", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("public", "unlisted", name="visibility", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "choose",
            sa.Enum("one", "any", "all", name="choose", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "approval",
            sa.Enum("automatic", "manual", name="approval", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("waitlist", sa.Boolean(), nullable=False),
        sa.Column("opens_local", sa.DateTime(), nullable=True),
        sa.Column("opens_tzid", sa.String(), nullable=True),
        sa.Column("opens_fold", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_local", sa.DateTime(), nullable=True),
        sa.Column("closes_tzid", sa.String(), nullable=True),
        sa.Column("closes_fold", sa.Integer(), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("(closes_local IS NULL) = (closes_tzid IS NULL)", name=op.f("ck_event_closes_has_zone")),
        sa.CheckConstraint("(opens_local IS NULL) = (opens_tzid IS NULL)", name=op.f("ck_event_opens_has_zone")),
        sa.CheckConstraint("length(slug) > 0", name=op.f("ck_event_slug_not_empty")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_event_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("slug", name=op.f("uq_event_slug")),
    )
    op.create_index("ix_event_organization_id_published_at", "event", ["organization_id", "published_at"], unique=False)

    op.create_table(
        "membership",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "manager", "assistant", name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_membership_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_membership_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("user_id", "organization_id", name=op.f("uq_membership_user_id_organization_id")),
    )
    op.create_index(op.f("ix_membership_organization_id"), "membership", ["organization_id"], unique=False)

    op.create_table(
        "language_variant",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("excerpt", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("what_to_bring", sa.String(), nullable=False),
        sa.Column("picture_alt", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_language_variant_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_variant")),
        sa.UniqueConstraint("event_id", "language_tag", name=op.f("uq_language_variant_event_id_language_tag")),
    )
    op.create_table(
        "letter_text",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confirmation",
                "invite",
                "waitlisted",
                "pending",
                "approved",
                "declined",
                "promoted",
                "cancelled",
                "already_registered",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_letter_text_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_text")),
        sa.UniqueConstraint("event_id", "kind", "language_tag", name=op.f("uq_letter_text_event_id_kind_language_tag")),
    )
    op.create_table(
        "occurrence",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("dtstart_local", sa.DateTime(), nullable=False),
        sa.Column("fold", sa.Integer(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language_tag", sa.String(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("location", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "registration",
            sa.Enum("none", "required", name="registration", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("join_opens_seconds", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("key <> 'calendar'", name=op.f("ck_occurrence_key_reserved")),
        sa.CheckConstraint("capacity IS NULL OR capacity >= 0", name=op.f("ck_occurrence_capacity_not_negative")),
        sa.CheckConstraint("duration_seconds > 0", name=op.f("ck_occurrence_duration_positive")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_occurrence_ends_after_start")),
        sa.CheckConstraint("fold IN (0, 1)", name=op.f("ck_occurrence_fold")),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_occurrence_sequence_not_negative")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_occurrence_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_occurrence_event_id_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_occurrence_uid")),
    )
    op.create_index("ix_occurrence_ends_at_event_id", "occurrence", ["ends_at", "event_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "short_text",
                "long_text",
                "single_choice",
                "several_choices",
                "yes_no",
                "consent",
                "number",
                "date",
                "country",
                "phone",
                "url",
                name="type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("label", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("help", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("options", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_question_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_question_event_id_key")),
    )
    op.create_table(
        "registration",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("address_key", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("tzid", sa.String(), nullable=False),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_registration_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("event_id", "address_key", name=op.f("uq_registration_event_id_address_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_registration_public_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_registration_reference")),
    )
    op.create_index(
        "ix_registration_address_key_created_at", "registration", ["address_key", "created_at"], unique=False
    )
    op.create_index("ix_registration_event_id_created_at", "registration", ["event_id", "created_at"], unique=False)

    op.create_table(
        "answer",
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_answer_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_answer_registration_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("registration_id", "question_id", name=op.f("uq_answer_registration_id_question_id")),
    )
    op.create_index(op.f("ix_answer_question_id"), "answer", ["question_id"], unique=False)

    op.create_table(
        "conference",
        sa.Column("occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("zoom", "other", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("meeting", "webinar", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("passcode", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("dial_in", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "access",
            sa.Enum("public", "registered", name="access", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_conference_occurrence_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference")),
        sa.UniqueConstraint("occurrence_id", name=op.f("uq_conference_occurrence_id")),
    )
    op.create_table(
        "place",
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "confirmed",
                "waitlisted",
                "pending",
                "cancelled",
                "declined",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_place_revision_not_negative")),
        sa.ForeignKeyConstraint(["occurrence_id"], ["occurrence.id"], name=op.f("fk_place_occurrence_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_place_registration_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("registration_id", "occurrence_id", name=op.f("uq_place_registration_id_occurrence_id")),
    )
    op.create_index(
        "ix_place_occurrence_id_state_queued_at", "place", ["occurrence_id", "state", "queued_at", "id"], unique=False
    )

    op.create_table(
        "receipt",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("applicant", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outcome", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("corrections", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_receipt_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_receipt_registration_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("public_id", name=op.f("uq_receipt_public_id")),
    )
    op.create_index(op.f("ix_receipt_event_id"), "receipt", ["event_id"], unique=False)
    op.create_index("ix_receipt_expires_at", "receipt", ["expires_at"], unique=False)
    op.create_index(op.f("ix_receipt_registration_id"), "receipt", ["registration_id"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "evidence",
            sa.Enum(
                "join_link", "check_in", "zoom", name="evidence", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("left_at IS NULL OR left_at >= joined_at", name=op.f("ck_attendance_left_after_joined")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_attendance_place_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_place_id_joined_at", "attendance", ["place_id", "joined_at"], unique=False)

    op.create_table(
        "message",
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("thread_of", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confirmation",
                "invite",
                "waitlisted",
                "pending",
                "approved",
                "declined",
                "promoted",
                "cancelled",
                "already_registered",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language_tag", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("address_key", sa.String(), nullable=True),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("context", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_code", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name=op.f("ck_message_lease_while_sending")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_message_attempts_not_negative")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_message_place_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_message_registration_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_message_message_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    op.create_index("ix_message_address_key_created_at", "message", ["address_key", "created_at"], unique=False)
    op.create_index(op.f("ix_message_place_id"), "message", ["place_id"], unique=False)
    op.create_index("ix_message_registration_id_created_at", "message", ["registration_id", "created_at"], unique=False)
    op.create_index(
        "ix_message_waiting",
        "message",
        ["priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_message_waiting",
        table_name="message",
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.drop_index("ix_message_registration_id_created_at", table_name="message")
    op.drop_index(op.f("ix_message_place_id"), table_name="message")
    op.drop_index("ix_message_address_key_created_at", table_name="message")

    op.drop_table("message")
    op.drop_index("ix_attendance_place_id_joined_at", table_name="attendance")

    op.drop_table("attendance")
    op.drop_index(op.f("ix_receipt_registration_id"), table_name="receipt")
    op.drop_index("ix_receipt_expires_at", table_name="receipt")
    op.drop_index(op.f("ix_receipt_event_id"), table_name="receipt")

    op.drop_table("receipt")
    op.drop_index("ix_place_occurrence_id_state_queued_at", table_name="place")

    op.drop_table("place")
    op.drop_table("conference")
    op.drop_index(op.f("ix_answer_question_id"), table_name="answer")

    op.drop_table("answer")
    op.drop_index("ix_registration_event_id_created_at", table_name="registration")
    op.drop_index("ix_registration_address_key_created_at", table_name="registration")

    op.drop_table("registration")
    op.drop_table("question")
    op.drop_index("ix_occurrence_ends_at_event_id", table_name="occurrence")

    op.drop_table("occurrence")
    op.drop_table("letter_text")
    op.drop_table("language_variant")
    op.drop_index(op.f("ix_membership_organization_id"), table_name="membership")

    op.drop_table("membership")
    op.drop_index("ix_event_organization_id_published_at", table_name="event")

    op.drop_table("event")
    op.drop_table("organization")
    op.drop_index("ix_address_use_used_at", table_name="address_use")
    op.drop_index("ix_address_use_domain_hash_used_at", table_name="address_use")
    op.drop_index("ix_address_use_address_hash_used_at", table_name="address_use")

    op.drop_table("address_use")
    op.drop_table("account")
