"""Casualties that a text claims here and now: dead, injured, missing, read from Chinese as written.

`explain` gives every mention with the words it rests on and why it counts or not; `read` adds up what counts.
How counts add up: within one sentence parts are added (2人当场死亡，1人送医后死亡), a part of a stated total is not
(其中1人重伤); between sentences the largest is taken, because reports repeat and update themselves; what is said to come
on top (又有1人死亡, without a new total) is added. 数十 and 上百 give the order named, 多人 gives no number; 伤亡20人 says nothing
of the split: all three counts stay open, and so they do for 多人受伤. Trapped people are not missing people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from huiyin.document import Casualties
from nlp.reading.mentions import Mention, mentions

# Literals only: the engine then skips from one possible first sign to the next.
_TRIGGER = re.compile(
    "死|亡|伤|傷|丧|喪|殉|罹|遇难|遇難|遇害|失踪|失蹤|失联|失聯|失去|下落|牺牲|犧牲|不治|无效|杀害|人命|遗体|尸体|离世|去世"
)


def explain(text: str) -> list[Mention]:
    """Every mention of dead, injured or missing people in order, counted or not; empty where there is none."""
    return mentions(text) if _TRIGGER.search(text) is not None else []


def read(text: str, *, abroad: bool = True) -> Casualties | None:
    """Counts that the text claims as present fact; None where the text claims none; a count is 0 where it says that there are none.

    A report on an event abroad claims casualties too; with `abroad` false it gives None (`explain` always marks it).
    """
    return counted(explain(text), abroad=abroad)


def counted(told: Sequence[Mention], *, abroad: bool = True) -> Casualties | None:
    """The counts of `read` from the mentions that `explain` gave."""
    if not told:
        return None
    wanted = ("counted", "none", "abroad") if abroad else ("counted", "none")
    found = [mention for mention in told if mention.status in wanted]
    if not found:
        return None
    counts = {kind: _total(found, kind) for kind in ("deaths", "injured", "missing")}
    return Casualties(**counts)


def _total(found: list[Mention], kind: str) -> int | None:
    of_kind = [mention for mention in found if mention.kind == kind and mention.value is not None]
    if not of_kind:
        return None
    best = 0
    extra = 0
    sentences: dict[int, list[Mention]] = {}
    for mention in of_kind:
        sentences.setdefault(mention.sentence, []).append(mention)
    for here in sentences.values():
        wholes = [mention.value or 0 for mention in here if mention.role == "whole"]
        parts = [mention.value or 0 for mention in here if mention.role == "part"]
        totals = [mention.value or 0 for mention in here if mention.role == "total"]
        # A total in the same breath holds what is said to be new: 又有1人死亡，累计死亡5人.
        more = 0 if totals else sum(mention.value or 0 for mention in here if mention.role == "more")
        stated = max([sum(wholes), sum(parts) if not wholes else 0, *totals, 0])
        if more and not stated and best:
            extra += more
        best = max(best, stated + more if stated or not best else 0)
    updates = [mention.value or 0 for mention in of_kind if mention.role == "total"]
    return max(best + extra if not updates else max(best, *updates), best)
