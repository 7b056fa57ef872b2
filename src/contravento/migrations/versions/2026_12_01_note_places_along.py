"""Waypoints, climbs, gradients and transfers of a track, beside its profile."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_places"
down_revision = "20261201_addresses"
branch_labels = None
depends_on = None

compatible = True  # only columns that may be empty

COLUMNS = ("waypoints", "climbs", "gradients", "transfers")


def upgrade() -> None:
    for name in COLUMNS:
        column = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
        op.add_column("tracks", sa.Column(name, column, nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("tracks", name)
