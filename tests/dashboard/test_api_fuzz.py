"""The API under requests made up from its own description: a live server, and no answer that it does not promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from api_city import PUSH, open_city

from dashboard.api._tokens import Limiter, make
from huiyin.serving import Served

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"


@pytest.mark.slow
def test_no_request_gets_an_answer_that_is_not_described(tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    city = open_city(tmp_path)
    city.app.extensions["huiyin"].cache["api-limiter"] = Limiter(1_000_000, 1.0)
    with city.session() as session:
        secret = make(session, "fuzz", ("read", "write", "push"), user="zhang", by="root")
    server = Served(city.app)
    config = tmp_path / "schemathesis.toml"
    config.write_text(f'[parameters]\n"query.source" = "{PUSH}"\n', "utf-8")
    try:
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
                f"http://127.0.0.1:{server.port}/api/v1/openapi.json", "--header", f"Authorization: Bearer {secret}",
                "--max-examples", "15", "--seed", "7", "--phases", "fuzzing,coverage", "--checks", CHECKS, "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
    finally:
        server.close()
        city.close()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "Tested: 8" in done.stdout
