"""Bring a database to the present schema with Alembic, from inside the program; safe to call at every start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from huiyin.records import partitions
from huiyin.records.base import utcnow

FOLDER = Path(__file__).parent / "migrations"


def config(engine: Engine | None = None) -> Config:
    """Alembic's configuration without an ini file; `engine` is handed to env.py."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["engine"] = engine
    return made


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision. The quick look first keeps start-up free of Alembic's own locking."""
    if behind(engine):
        command.upgrade(config(engine), "head")
        partitions.maintain(engine, utcnow())


def behind(engine: Engine) -> bool:
    """Whether the database's schema is another than this program's newest."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head
