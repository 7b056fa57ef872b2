"""Topics and diaries, kept by triggers, so that lists cost the same whatever the database holds."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "20261123_topics"
down_revision = "20261123_mishaps"
branch_labels = None
depends_on = None

compatible = True  # the build before this one writes trips as ever, and triggers do the rest

SQL = Path(__file__).with_suffix(".sql")
EVENTS = ("insert", "update", "delete")


def upgrade() -> None:
    op.create_table(
        "topics",
        sa.Column(
            "kind",
            sa.Enum("country", "tag", name="kind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trip_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trip_id"], ["trips.id"], name=op.f("fk_topics_trip_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("kind", "word", "published_at", "trip_id", name=op.f("pk_topics")),
    )
    op.create_index(op.f("ix_topics_trip_id"), "topics", ["trip_id"], unique=False)
    op.create_table(
        "diaries",
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("distance_metres", sa.Double(), nullable=False),
        sa.Column("wrote_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rider_id", name=op.f("pk_diaries")),
    )
    op.create_index(
        "ix_diaries_wrote",
        "diaries",
        [sa.literal_column("wrote_at DESC"), sa.literal_column("rider_id DESC")],
        unique=False,
    )
    op.execute(SQL.read_text())


def downgrade() -> None:
    for event in EVENTS:
        op.execute(f"DROP TRIGGER keep_topics_and_diaries_on_{event} ON trips")
    op.execute("DROP FUNCTION keep_topics_and_diaries()")
    op.drop_index("ix_diaries_wrote", table_name="diaries")
    op.drop_table("diaries")
    op.drop_index(op.f("ix_topics_trip_id"), table_name="topics")
    op.drop_table("topics")
