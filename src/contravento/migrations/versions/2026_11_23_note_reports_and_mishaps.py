"""Reports of what is done to the server, and errors that nobody foresaw."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_mishaps"
down_revision = "20261123_tables"
branch_labels = None
depends_on = None

compatible = True  # only new tables


def upgrade() -> None:
    op.create_table(
        "mishaps",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mishaps")),
    )
    op.create_index(op.f("ix_mishaps_at"), "mishaps", ["at"], unique=False)
    op.create_index(op.f("ix_mishaps_job_id"), "mishaps", ["job_id"], unique=False)
    op.create_table(
        "operation_reports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "outcome",
            sa.Enum("succeeded", "failed", name="outcome", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "details",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_reports")),
    )
    op.create_index(
        "ix_operation_reports_kind",
        "operation_reports",
        ["kind", sa.literal_column("at DESC")],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("operation_reports")
    op.drop_table("mishaps")
