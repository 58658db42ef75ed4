"""what goes on is said."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0425"
down_revision = "20261123_0330"
branch_labels = None
depends_on = None
runs_beside = True

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "compatible_version",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compatible_version")),
        sa.UniqueConstraint("version", name=op.f("uq_compatible_version_version")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("worker", name=op.f("uq_heartbeat_worker")),
    )


def downgrade() -> None:
    op.drop_table("heartbeat")
    op.drop_table("compatible_version")
