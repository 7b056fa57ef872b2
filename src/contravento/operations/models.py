"""Tables of reports and errors."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from contravento.kit.database.session import Table


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class OperationReport(Table):
    """What was done to this server from outside the application: a backup, a drill, …"""

    __tablename__ = "operation_reports"
    __table_args__ = (Index("ix_operation_reports_kind", "kind", text("at DESC")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[Outcome]
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class ErrorEvent(Table):
    """An error that nobody foresaw, in a request or a job, without anything personal."""

    __tablename__ = "mishaps"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    place: Mapped[str]  # 'GET /trips/{slug}', or the job's name
    words: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


class UsageSnapshot(Table):
    """What the server held when a worker counted it last: one row, since counting may take long."""

    __tablename__ = "holdings"
    __table_args__ = (CheckConstraint("id = 1", name="is_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, server_default=text("1"), autoincrement=False)
    counted_at: Mapped[datetime]
    seconds: Mapped[float]  # that counting took
    held: Mapped[dict[str, Any]]
