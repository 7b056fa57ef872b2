"""An address belongs to whoever proves it; write tokens that exist may read, as they could."""

import sqlalchemy as sa
from alembic import op

revision = "20261201_addresses"
down_revision = "20261201_pictures"
branch_labels = None
depends_on = None

compatible = True  # an index that allows more, one more, and scopes that the code before knows


def upgrade() -> None:
    address = sa.func.lower(sa.text("email"))
    op.drop_index("uq_riders_email", table_name="riders")
    op.create_index(
        "uq_riders_email",
        "riders",
        [address],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_index("ix_riders_email", "riders", [address])
    op.execute("UPDATE personal_tokens SET scopes = '{read,write}' WHERE NOT 'read' = ANY(scopes)")


def downgrade() -> None:
    op.execute(
        "DELETE FROM riders USING riders AS other WHERE riders.confirmed_at IS NULL"
        " AND riders.id <> other.id AND lower(riders.email) = lower(other.email)"
        " AND (other.confirmed_at IS NOT NULL OR other.created_at < riders.created_at)"
    )
    op.drop_index("ix_riders_email", table_name="riders")
    op.drop_index("uq_riders_email", table_name="riders")
    op.create_index("uq_riders_email", "riders", [sa.func.lower(sa.text("email"))], unique=True)
