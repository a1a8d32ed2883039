"""The dashboard: look and act. `create_app(settings)` composes it; pages are found in dashboard/pages and dashboard/api."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

from flask import Flask

from huiyin.records import Record
from huiyin.search import Index, open_index
from huiyin.settings import Settings


def create_app(settings: Settings, record: Record | None = None, index: Index | None = None) -> Flask:
    """The WSGI application. Opens the record and the index that the settings name, unless they are given."""
    from dashboard import access, auth, compressed, errors, filters, observing
    from dashboard.services import Services

    app = Flask(__name__)
    app.extensions["huiyin"] = Services(
        settings, record or Record.open(settings), index or open_index(settings)
    )
    app.config.update(
        MAX_CONTENT_LENGTH=settings.upload_limit,
        MAX_FORM_MEMORY_SIZE=auth.BODY_LIMIT,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=7),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    observing.install(app)
    compressed.install(app)
    filters.install(app)
    errors.install(app)
    auth.install(app)
    access.install(app)
    for package in ("dashboard.pages", "dashboard.api"):
        folder = importlib.import_module(package).__path__
        for module in sorted(info.name for info in pkgutil.iter_modules(folder)):
            page = importlib.import_module(f"{package}.{module}")
            if hasattr(page, "bp"):
                app.register_blueprint(page.bp)
    auth.refuse_undeclared(app)
    return app
