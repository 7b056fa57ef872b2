"""Riders, trips, tracks, photos, and what signing in needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_tables"
down_revision = "20261123_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_created_at"), "replies", ["created_at"], unique=False)
    op.create_table(
        "riders",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("bio", sa.String(), server_default="", nullable=False),
        sa.Column("language", sa.String(), server_default="en", nullable=False),
        sa.Column(
            "portrait", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("is_admin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_riders")),
    )
    op.create_index("uq_riders_email", "riders", [sa.literal_column("lower(email)")], unique=True)
    op.create_index(
        "uq_riders_username", "riders", [sa.literal_column("lower(username)")], unique=True
    )
    op.create_table(
        "mailed_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("confirm", "reset", name="purpose", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["rider_id"], ["riders.id"], name=op.f("fk_mailed_links_rider_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mailed_links")),
    )
    op.create_index(op.f("ix_mailed_links_rider_id"), "mailed_links", ["rider_id"], unique=False)
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["rider_id"],
            ["riders.id"],
            name=op.f("fk_personal_tokens_rider_id"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_personal_tokens_digest")),
    )
    op.create_index(
        op.f("ix_personal_tokens_rider_id"), "personal_tokens", ["rider_id"], unique=False
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("cookie_digest", sa.LargeBinary(), nullable=True),
        sa.Column("agent", sa.String(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["rider_id"], ["riders.id"], name=op.f("fk_sign_ins_rider_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("cookie_digest", name=op.f("uq_sign_ins_cookie_digest")),
    )
    op.create_index(op.f("ix_sign_ins_rider_id"), "sign_ins", ["rider_id"], unique=False)
    op.create_table(
        "trips",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rider_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("story", sa.String(), server_default="", nullable=False),
        sa.Column("excerpt", sa.String(), server_default="", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "everyone", "followers", "link", "me", name="audience", native_enum=False, length=20
            ),
            server_default="everyone",
            nullable=False,
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("distance_metres", sa.Double(), nullable=True),
        sa.Column("ascent_metres", sa.Double(), nullable=True),
        sa.Column("descent_metres", sa.Double(), nullable=True),
        sa.Column("highest_metres", sa.Double(), nullable=True),
        sa.Column("lowest_metres", sa.Double(), nullable=True),
        sa.Column("elapsed_seconds", sa.Double(), nullable=True),
        sa.Column("moving_seconds", sa.Double(), nullable=True),
        sa.Column("countries", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column(
            "outline", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "sheet", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "cover", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["rider_id"], ["riders.id"], name=op.f("fk_trips_rider_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trips")),
        sa.UniqueConstraint("key", name=op.f("uq_trips_key")),
    )
    op.create_index(
        "ix_trips_countries", "trips", ["countries"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_trips_feed",
        "trips",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL AND audience = 'everyone'"),
    )
    op.create_index(
        "ix_trips_rider",
        "trips",
        ["rider_id", sa.literal_column("published_at DESC")],
        unique=False,
    )
    op.create_index("ix_trips_tags", "trips", ["tags"], unique=False, postgresql_using="gin")
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("trip_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "ready", "unreadable", name="state", native_enum=False, length=20),
            server_default="queued",
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "refusal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(), server_default="", nullable=False),
        sa.Column("alt", sa.String(), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(), nullable=True),
        sa.Column(
            "sizes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["trip_id"], ["trips.id"], name=op.f("fk_photos_trip_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    op.create_index("ix_photos_trip", "photos", ["trip_id", "position"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["sign_ins.id"],
            name=op.f("fk_refresh_tokens_sign_in_id"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_sign_in_id"), "refresh_tokens", ["sign_in_id"], unique=False
    )
    op.create_table(
        "tracks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("trip_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "reading",
                "ready",
                "unreadable",
                name="state",
                native_enum=False,
                length=20,
            ),
            server_default="queued",
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "refusal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "report",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("distance_metres", sa.Double(), nullable=True),
        sa.Column("ascent_metres", sa.Double(), nullable=True),
        sa.Column("descent_metres", sa.Double(), nullable=True),
        sa.Column("highest_metres", sa.Double(), nullable=True),
        sa.Column("lowest_metres", sa.Double(), nullable=True),
        sa.Column("elapsed_seconds", sa.Double(), nullable=True),
        sa.Column("moving_seconds", sa.Double(), nullable=True),
        sa.Column("average_speed", sa.Double(), nullable=True),
        sa.Column("top_speed", sa.Double(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("tracks", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "bounds", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("countries", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column(
            "outline", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "profile", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("points_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trip_id"], ["trips.id"], name=op.f("fk_tracks_trip_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
    )
    op.create_index(op.f("ix_tracks_trip_id"), "tracks", ["trip_id"], unique=False)
    op.create_table(
        "track_days",
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("ridden_on", sa.Date(), nullable=False),
        sa.Column("distance_metres", sa.Double(), nullable=False),
        sa.Column("ascent_metres", sa.Double(), nullable=True),
        sa.Column("highest_metres", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_track_days_track_id"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("track_id", "ridden_on", name=op.f("pk_track_days")),
    )


def downgrade() -> None:
    op.drop_table("track_days")
    op.drop_index(op.f("ix_tracks_trip_id"), table_name="tracks")
    op.drop_table("tracks")
    op.drop_index(op.f("ix_refresh_tokens_sign_in_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("ix_photos_trip", table_name="photos")
    op.drop_table("photos")
    op.drop_index("ix_trips_tags", table_name="trips", postgresql_using="gin")
    op.drop_index("ix_trips_rider", table_name="trips")
    op.drop_index(
        "ix_trips_feed",
        table_name="trips",
        postgresql_where=sa.text("published_at IS NOT NULL AND audience = 'everyone'"),
    )
    op.drop_index("ix_trips_countries", table_name="trips", postgresql_using="gin")
    op.drop_table("trips")
    op.drop_index(op.f("ix_sign_ins_rider_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index(op.f("ix_personal_tokens_rider_id"), table_name="personal_tokens")
    op.drop_table("personal_tokens")
    op.drop_index(op.f("ix_mailed_links_rider_id"), table_name="mailed_links")
    op.drop_table("mailed_links")
    op.drop_index("uq_riders_username", table_name="riders")
    op.drop_index("uq_riders_email", table_name="riders")
    op.drop_table("riders")
    op.drop_index(op.f("ix_replies_created_at"), table_name="replies")
    op.drop_table("replies")
