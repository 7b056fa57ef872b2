"""What the server holds, as a worker counted it last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124_holdings"
down_revision = "20261123_topics"
branch_labels = None
depends_on = None

compatible = True  # only a new table


def upgrade() -> None:
    op.create_table(
        "holdings",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column(
            "held", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_holdings_is_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdings")),
    )


def downgrade() -> None:
    op.drop_table("holdings")
