"""Static files go out compressed where a .gz lies beside them, whole where it does not, and never from outside the folder."""

from __future__ import annotations

import gzip
from pathlib import Path

from flask import Flask

from dashboard import compressed


def test_only_what_has_a_gz_beside_it_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("whole")
    (tmp_path / "a.js.gz").write_bytes(gzip.compress(b"whole"))
    (tmp_path / "b.css").write_text("plain")
    app = Flask("test", static_folder=str(tmp_path), static_url_path="/static")
    compressed.install(app)
    client = app.test_client()
    with client.get("/static/a.js", headers={"Accept-Encoding": "gzip, br"}) as packed:
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", b"whole")
        assert "javascript" in packed.headers["Content-Type"]
    with client.get("/static/a.js") as plain:
        assert plain.data == b"whole"
        assert "Content-Encoding" not in plain.headers
    with client.get("/static/b.css", headers={"Accept-Encoding": "gzip"}) as other:
        assert other.data == b"plain"
    with client.get("/static/../secret", headers={"Accept-Encoding": "gzip"}) as outside:
        assert outside.status_code == 404
