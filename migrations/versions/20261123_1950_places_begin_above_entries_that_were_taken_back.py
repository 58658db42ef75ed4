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
    op.execute(
        "UPDATE occurrence SET first_revision = coalesce((SELECT max(place.revision) + 1 FROM place"
        " JOIN registration ON registration.id = place.registration_id WHERE place.occurrence_id = occurrence.id"
        " AND registration.erased_at IS NOT NULL AND place.invited_at IS NOT NULL), 0)"
    )


def downgrade() -> None:
    op.drop_column("occurrence", "first_revision")
