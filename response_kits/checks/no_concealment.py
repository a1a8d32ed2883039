"""不得隐瞒: a text on an event does not drop a casualty figure that is known (突发事件应对法 2024 第六十一条)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.stages import casualties
from response_kits.checks import Page, Problem

KEY = "no_concealment"
_NAMES = {"deaths": "死亡", "injured": "受伤", "missing": "失联"}
_SPEAKS = {
    "deaths": "死亡|遇难|身亡|丧生|罹难|死者|去世|不治",
    "injured": "受伤|伤者|就医|就诊|送医|住院|不适|烧伤|轻伤|重伤",
    "missing": "失联|失踪|下落不明|被困",
}
_EVENT = re.compile("伤亡|死亡|遇难|受伤|伤者|失联|失踪|就医|送医|救治|人员情况")


def check(page: Page) -> Iterator[Problem]:
    """Blocks where the text speaks of casualties, or is a notice or report, and leaves a known kind out; else warns."""
    known = _known(page)
    if not known:
        return
    told = casualties.read(page.text)
    speaks = _EVENT.search(page.text) is not None or page.context.get("kind") in (
        "notice",
        "report_first",
        "report_final",
    )
    for kind, count in known.items():
        said = getattr(told, kind, None) if told else None
        if said is None and not re.search(_SPEAKS[kind], page.text):
            yield Problem(
                f"已核实的{_NAMES[kind]}人数（{count}人）在稿中没有写明",
                state="block" if speaks else "warn",
                reason=kind,
            )
        elif said is not None and said < count and kind == "deaths":
            yield Problem(f"稿中死亡人数为{said}人，已核实为{count}人", state="block", reason=kind)


def _known(page: Page) -> dict[str, int]:
    """The highest count of each kind that facts state; 0 is no casualty."""
    found: dict[str, int] = {}
    for fact in page.facts:
        read = casualties.read(fact.text) if _EVENT.search(fact.text) or "死" in fact.text else None
        for kind in _NAMES:
            count = getattr(read, kind, None) if read else None
            if count:
                found[kind] = max(count, found.get(kind, 0))
    return found
