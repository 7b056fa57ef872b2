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
    op.execute(
        "DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,"
        " procrastinate_workers CASCADE"
    )
    op.execute("""
        DO $$ DECLARE each record; BEGIN
        FOR each IN SELECT oid::regprocedure AS name FROM pg_proc
                    WHERE proname LIKE 'procrastinate\\_%' LOOP
            EXECUTE format('DROP FUNCTION %s CASCADE', each.name);
        END LOOP; END $$
    """)
    op.execute(
        "DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status,"
        " procrastinate_job_event_type"
    )
