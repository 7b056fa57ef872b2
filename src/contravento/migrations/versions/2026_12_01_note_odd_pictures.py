"""What was odd about a photo that is shown all the same, and why a portrait was not taken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_pictures"
down_revision = "20261124_holdings"
branch_labels = None
depends_on = None

compatible = True  # only columns that may be empty


def upgrade() -> None:
    op.add_column("photos", sa.Column("notes", _json(), nullable=True))
    op.add_column("riders", sa.Column("portrait_refusal", _json(), nullable=True))


def downgrade() -> None:
    op.drop_column("riders", "portrait_refusal")
    op.drop_column("photos", "notes")


def _json() -> postgresql.JSONB:
    return postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
