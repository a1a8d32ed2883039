"""Casualties on real reports: 264 emergency reports (CEC). No gold counts exist, so this pins coverage, not correctness.

By hand, the first 100 reports were compared with the text; docs and the model card give that figure.
"""

from __future__ import annotations

import re
from pathlib import Path

from huiyin import jsonl
from nlp.stages import casualties

_STATED = re.compile(r"造成(?:了|至少)?([0-9]+)人(?:当场)?(?:死亡|遇难)")


def test_plainly_stated_deaths_are_read(shared_data: Path) -> None:
    """Where a report says 造成N人死亡, the deaths read are at least N; nine in ten exactly the largest such N."""
    stated = exact = at_least = 0
    for row in jsonl.rows(str(shared_data / "news" / "cec_emergency.train.jsonl")):
        numbers = [int(number) for number in _STATED.findall(row["text"])]
        if not numbers:
            continue
        stated += 1
        found = casualties.read(row["text"])
        deaths = found.deaths if found and found.deaths is not None else -1
        exact += deaths == max(numbers)
        at_least += deaths >= max(numbers)
    assert stated >= 30
    assert at_least / stated >= 0.93
    assert exact / stated >= 0.88
