"""workers say their version."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0640"
down_revision = "20261123_0425"
branch_labels = None
depends_on = None
runs_beside = True


def upgrade() -> None:
    op.add_column("heartbeat", sa.Column("version", sa.String(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column("heartbeat", "version")
