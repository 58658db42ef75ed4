"""places begin above entries that were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_1950"
down_revision = "20261123_0640"
branch_labels = None
depends_on = None
runs_beside = True


def upgrade() -> None:
    op.add_column("occurrence", sa.Column("first_revision", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute(  # above whatever anybody was told: who has left an address is not known any more
        "UPDATE occurrence SET first_revision = (SELECT max(revision) + 1 FROM place"
        " WHERE place.occurrence_id = occurrence.id)"
        " WHERE id IN (SELECT occurrence_id FROM place WHERE revision > 0)"
    )


def downgrade() -> None:
    op.drop_column("occurrence", "first_revision")
