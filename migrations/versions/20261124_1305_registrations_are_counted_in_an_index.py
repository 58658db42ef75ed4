"""registrations are counted in an index."""

from alembic import op

revision = "20261124_1305"
down_revision = "20261123_1950"
branch_labels = None
depends_on = None
runs_beside = True

INDEX = "ix_registration_event_id_erased_at_language_tag"


def upgrade() -> None:
    op.create_index(INDEX, "registration", ["event_id", "erased_at", "language_tag"])


def downgrade() -> None:
    op.drop_index(INDEX, "registration")
