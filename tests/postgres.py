"""A fresh database on the PostgreSQL server that HUIYIN_TEST_POSTGRES names, so that tests may run side by side."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text


@contextmanager
def fresh_database(address: str = "") -> Iterator[str]:
    """The address of an empty database that is dropped afterwards; skips where no server is named."""
    server = address or os.environ.get("HUIYIN_TEST_POSTGRES", "")
    if not server:
        pytest.skip("needs a running PostgreSQL: set HUIYIN_TEST_POSTGRES to the address of a database on it")
    name = f"huiyin_{secrets.token_hex(6)}"
    url = make_url(server)
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()
