"""Analysts' corrections out of the record, as training texts: what a person set right is worth more than a label by rule."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from huiyin.records import Correction, DocumentRow, Record
from huiyin.settings import Settings
from nlp.training.data import Row, digest

WEIGHT = 2.0
"""How much a corrected text weighs beside a labelled one."""
FIELDS = ("topic", "urgency", "sentiment", "respond")


def read(settings: Settings, barred: Collection[str] = ()) -> list[Row]:
    """One row a corrected document, with the last word on each label; its other labels stay unknown.

    Left out are documents whose text is gone, and texts of `barred`. Raises what the record raises where it cannot be opened.
    """
    record = Record.open(settings)
    try:
        with record.session(write=False) as session:
            found = session.execute(
                select(Correction, DocumentRow)
                .join(DocumentRow, DocumentRow.id == Correction.document_id)
                .order_by(Correction.id)
            ).all()
            texts: dict[str, tuple[str, str]] = {}
            labels: dict[str, dict[str, str]] = {}
            for correction, document in found:
                if correction.field not in FIELDS:
                    continue
                title, text = document.title.strip(), document.text.strip()
                whole = text if not title or text.startswith(title) else f"{title}\n{text}".strip()
                texts[document.id] = whole, document.kind
                value = correction.new
                if correction.field == "respond":
                    value = str(value == "1").lower()
                labels.setdefault(document.id, {})[correction.field] = value
    finally:
        record.close()
    held = {digest(text) for text in barred}
    return [
        Row(f"correction:{key}", text, kind, labels[key])
        for key, (text, kind) in texts.items()
        if text and digest(text) not in held
    ]
