"""Riders, their sign-ins and the links mailed to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, func, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contravento.kit.database.session import Table

_NEW_ID = text("uuidv7()")


class Rider(Table):
    __tablename__ = "riders"
    __table_args__ = (
        Index("uq_riders_username", func.lower(text("username")), unique=True),
        # Whoever proves an address has it. Until then others may have typed it, too.
        Index(
            "uq_riders_email",
            func.lower(text("email")),
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_riders_email", func.lower(text("email"))),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    bio: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    portrait: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    portrait_refusal: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @hybrid_property
    def shown_name(self) -> str:
        return self.name or self.username

    @shown_name.inplace.expression
    @classmethod
    def _shown_name(cls) -> ColumnElement[str]:
        return func.coalesce(func.nullif(cls.name, ""), cls.username)


class Purpose(StrEnum):
    CONFIRM = "confirm"
    RESET = "reset"


class EmailToken(Table):
    """A link that works once. Only the digest of its token is kept."""

    __tablename__ = "mailed_links"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    rider_id: Mapped[UUID] = mapped_column(ForeignKey(Rider.id, ondelete="cascade"), index=True)
    purpose: Mapped[Purpose]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignIn(Table):
    """One device that is signed in: a browser by its cookie, a program by its refresh tokens."""

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    rider_id: Mapped[UUID] = mapped_column(ForeignKey(Rider.id, ondelete="cascade"), index=True)
    cookie_digest: Mapped[bytes | None] = mapped_column(unique=True)
    agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]

    rider: Mapped[Rider] = relationship(lazy="raise")


class RefreshToken(Table):
    """One link of a sign-in's chain. A spent one that comes back means that it was stolen."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey(SignIn.id, ondelete="cascade"), index=True)
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    sign_in: Mapped[SignIn] = relationship(lazy="raise")


class PersonalToken(Table):
    """A token that a rider made for a program of theirs, with what it may do."""

    __tablename__ = "personal_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    rider_id: Mapped[UUID] = mapped_column(ForeignKey(Rider.id, ondelete="cascade"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    rider: Mapped[Rider] = relationship(lazy="raise")
