"""The job queue's tables, as procrastinate 3.10 defines them."""

from pathlib import Path

from alembic import op

revision = "20261123_queue"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The driver's own cursor: several statements at once, and a colon is only a colon.
    statements = Path(__file__).with_suffix(".sql").read_text()
    cursor = op.get_bind().connection.cursor()
    cursor.execute(statements)
    cursor.close()


def downgrade() -> None:
    raise NotImplementedError("the first migration has nothing before it; drop the database")
