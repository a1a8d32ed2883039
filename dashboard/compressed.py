"""Static files that lie beside a .gz of theirs (tools/vendor.py) go out compressed to browsers that take it."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join


def install(app: Flask) -> None:
    plain: Any = app.view_functions["static"]
    folder = str(app.static_folder)

    def static(filename: str) -> Any:
        response: Response
        packed = safe_join(folder, f"{filename}.gz")
        if "gzip" in request.headers.get("Accept-Encoding", "") and packed and Path(packed).is_file():
            kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
            response = send_from_directory(folder, f"{filename}.gz", mimetype=kind)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = app.make_response(plain(filename=filename))
        response.headers["Vary"] = "Accept-Encoding"
        return response

    app.view_functions["static"] = static
