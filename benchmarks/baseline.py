"""What the feed is compared with: a bare FastAPI route, one Core query, the same bytes."""

import os

import psycopg
from fastapi import FastAPI, Response
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import create_async_engine

from contravento.kit.database.session import driver_url, libpq_url

ROWS = 20

pieces = Table(
    "baseline_pieces",
    MetaData(),
    Column("name", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)


def make_app() -> FastAPI:
    app = FastAPI()
    url = driver_url(os.environ["DATABASE_URL"], "asyncpg")
    engine = create_async_engine(url, pool_size=20)

    @app.get("/bare/{name}")
    async def bare(name: str) -> Response:
        chosen = select(pieces.c.content).where(pieces.c.name == name).order_by(pieces.c.position)
        async with engine.connect() as connection:
            rows = (await connection.execute(chosen)).scalars().all()
        return Response(b"".join(rows), media_type="application/octet-stream")

    return app


def keep(url: str, name: str, content: bytes) -> None:
    """The very bytes that the product answers with, for the bare route to return."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS baseline_pieces"
            " (name text, position int, content bytea, PRIMARY KEY (name, position))"
        )
        for position, piece in enumerate(_cut(content)):
            connection.execute(
                "INSERT INTO baseline_pieces VALUES (%s, %s, %s)", (name, position, piece)
            )


def _cut(content: bytes) -> list[bytes]:
    """The same bytes as so many rows as the feed has entries."""
    step = -(-len(content) // ROWS)
    return [content[start : start + step] for start in range(0, len(content), step)]
