"""口径一致: no figure against what we, or a superior body, said before on the same matter (条例 第十一条; 国办发〔2014〕12号)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from response_kits import figures as readings
from response_kits import statements
from response_kits.checks import Page, Problem

KEY = "consistency"
_DENIED = re.compile("网传|网上流传|不实|不属实|谣言|传言")
_CORRECTION = re.compile("更正|此前(?:通报|公布|发布)|原(?:通报|公布)|订正|核减|更新为")


def check(page: Page) -> Iterator[Problem]:
    """Conflicts with standing statements on the issue (of the record, or `context["statements"]`). Growth with time passes."""
    for what, old, sentence, progress in [*_recorded(page), *_given(page)]:
        at = page.text.find(sentence)
        start, end = (at, at + len(sentence)) if at >= 0 else (None, None)
        if progress:
            continue
        state = "warn" if _CORRECTION.search(sentence) else "block"
        yield Problem(
            f"与此前发布不一致（{_WHAT.get(what, what)}）：此前为“{old}”",
            start,
            end,
            state=state,
            reason=what,
        )


_WHAT = {"deaths": "死亡人数", "missing": "失联人数", "severe": "重伤人数", "hospital": "住院人数", "discharged": "出院人数", "injured": "受伤人数",
         "paid": "支付金额", "owed": "拖欠金额"}  # fmt: skip


def _recorded(page: Page) -> list[tuple[str, str, str, bool]]:
    session, issue = page.context.get("session"), page.context.get("issue_id")
    if session is None or not issue:
        return []
    return [
        (c.what, c.left, c.right, c.explained) for c in statements.against(session, str(issue), page.text)
    ]


def _given(page: Page) -> list[tuple[str, str, str, bool]]:
    """The same against texts that were handed in: {text}, or plain strings, oldest first."""
    found = []
    for row in page.context.get("statements", ()):
        earlier = str(row["text"]) if isinstance(row, Mapping) else str(row)
        old = [(s, f) for s in _own(earlier) for f in readings.figures(s) if f.what]
        for sentence in _own(page.text):
            for new in readings.figures(sentence):
                for told, figure in old:
                    if new.what == figure.what and new.unit == figure.unit and not readings.same(new, figure):
                        found.append((new.what, told, sentence, _progress(new.what, figure.value, new.value)))
    return found


def _own(text: str) -> list[str]:
    from response_kits.wording import sentences

    return [s for s, _, _ in sentences(text) if not _DENIED.search(s)]


def _progress(what: str, before: float, after: float) -> bool:
    return after < before if what in ("missing", "hospital", "severe", "owed") else after > before
