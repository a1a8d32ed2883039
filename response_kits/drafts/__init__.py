"""Kinds of drafts, found in this folder: a file with KIND and `write(material, writer) -> title` is a kind. Nothing is listed here."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy.orm import Session

from huiyin.errors import UsageError
from huiyin.records import Draft, DraftVersion, audit
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits.drafts._material import Material, material
from response_kits.drafts._writer import Text, Writer

__all__ = ["Material", "Text", "Writer", "compose", "create", "is_internal", "kinds", "material", "name_of"]


@cache
def kinds() -> dict[str, ModuleType]:
    """Kind → its module, of every file in this folder."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{__name__}.{info.name}")
            for kind in getattr(module, "KINDS", (module.KIND,)):
                found[kind] = module
    return dict(sorted(found.items()))


def name_of(kind: str) -> str:
    """The kind's name in Chinese."""
    row = load("contents").get(kind)
    return str(row["name"]) if row and "name" in row else kind


def is_internal(kind: str) -> bool:
    """A kind that is handed up or used in the hall (reports, press lines): no statement, no clock."""
    return bool((load("contents").get(kind) or {}).get("internal", False))


def compose(
    session: Session,
    issue_id: str,
    kind: str,
    settings: Settings,
    now: datetime,
    about: dict[str, Any] | None = None,
) -> Text:
    """Write a text of this kind from what is verified, with bindings and gaps; nothing is stored.

    Raises UsageError (unknown kind), NotFound (issue, or a rumour or policy named in `about`).
    """
    module = kinds().get(kind)
    if module is None:
        raise UsageError(f"没有“{kind}”这一类文稿；可用：{'、'.join(kinds())}")
    gathered = material(session, issue_id, settings, now, dict(about or {}))
    writer = Writer(kind)
    title = module.write(gathered, writer)
    return writer.finish(title)


def create(
    session: Session,
    issue_id: str,
    kind: str,
    settings: Settings,
    now: datetime,
    *,
    by: str,
    about: dict[str, Any] | None = None,
    sample: bool = False,
) -> Draft:
    """Compose and store a draft in its first version, with the gates' report on it."""
    from response_kits.review import check

    text = compose(session, issue_id, kind, settings, now, about)
    # What the kind chose by itself (which rumour, which policy) is kept, so that checks and publication know it.
    chooses = getattr(kinds()[kind], "chosen", None)
    kept = dict(about or {})
    if chooses is not None:
        kept = {**chooses(material(session, issue_id, settings, now, kept)), **kept}
    draft = Draft(
        issue_id=issue_id, kind=kind, title=text.title, text=text.text, bindings=text.bindings, gaps=text.gaps,
        about=kept, author=by, state="draft", version=1, made=now, changed=now, sample=sample,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    session.add(DraftVersion(draft_id=draft.id, version=1, title=draft.title, text=draft.text, bindings=draft.bindings,
                             by=by, at=now, note="按已核实事实生成"))  # fmt: skip
    draft.checks = check(session, draft, settings, now).as_dict()
    audit.append(session, by, "draft.create", f"draft/{draft.id}", {"kind": kind, "issue": issue_id}, at=now)
    session.flush()
    return draft
