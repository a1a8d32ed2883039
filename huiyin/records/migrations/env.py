"""Alembic's entry: runs on the engine that huiyin.records.migrate hands over."""

from typing import Literal

from alembic import context
from sqlalchemy import JSON, Engine, create_engine, pool, text

import huiyin.records  # noqa: F401 - fills Base.metadata
from huiyin.records.base import Base, UtcDateTime


def render(kind: str, item: object, _autogen: object) -> str | Literal[False]:
    """Write our own column types by name, so that a migration does not depend on how they are built today."""
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    engine: Engine | None = context.config.attributes.get("engine")
    own = engine or create_engine("sqlite://", poolclass=pool.StaticPool)
    with own.begin() as connection:
        if connection.dialect.name == "postgresql":  # several machines may start at once on an empty database
            connection.execute(text("SELECT pg_advisory_xact_lock(4822)"))
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite",
            render_item=render, compare_type=True,
        )  # fmt: skip
        context.run_migrations()


run()
