"""How the server is, as JSON, for administrators."""

from datetime import datetime
from typing import Literal, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel

from contravento.api.description.openapi import refuses
from contravento.api.route import ApiRoute
from contravento.http.dependencies import Administrator, ResourcesOf, language_of
from contravento.kit.i18n.catalogue import translate
from contravento.kit.storage.storage import Room
from contravento.operations.queries import (
    Connections,
    Content,
    Mishaps,
    Queue,
    Report,
    Stored,
    Worker,
)
from contravento.server_status.collect import collect_status
from contravento.server_status.report import (
    Build,
    Chosen,
    Redis,
    Schema,
    ServedCertificate,
    ServerStatus,
)
from contravento.server_status.warnings import list_warnings

router = APIRouter(prefix="/operator", tags=["operator"], route_class=ApiRoute)


class ConcernOut(BaseModel):
    """Something that deserves a look, in the caller's language."""

    part: str
    level: Literal["warning", "error"]
    message: str


class OperatorOut(BaseModel):
    """A part that is null is not there, or is named under `troubles` with the reason."""

    taken_at: datetime
    build: Build
    postgres: str | None
    redis: Redis | None
    migrations: Schema | None
    queue: Queue | None
    workers: list[Worker] | None
    reports: list[Report] | None
    certificate: ServedCertificate | None
    stored: Stored | None
    room: Room | None
    connections: Connections | None
    content: Content | None
    mishaps: Mishaps | None
    settings: Chosen
    troubles: dict[str, str]
    concerns: list[ConcernOut]

    @classmethod
    def of(cls, status: ServerStatus, language: str) -> Self:
        same = cls.model_fields.keys() - {"troubles", "concerns"}
        return cls(
            **{name: getattr(status, name) for name in same},
            troubles={
                name: translate(language, error.sentence, error.params)
                for name, error in status.troubles.items()
            },
            concerns=[
                ConcernOut(
                    part=warning.part,
                    level=warning.level,
                    message=translate(language, warning.sentence, warning.params),
                )
                for warning in list_warnings(status)
            ],
        )


@router.get("", summary="Read how the server is", responses=refuses(404))
async def show(request: Request, viewer: Administrator, resources: ResourcesOf) -> OperatorOut:
    """For administrators; to everybody else it is not there."""
    return OperatorOut.of(await collect_status(resources), language_of(request))
