"""Casualties on real reports (264 emergency reports, CEC): exact counts where a sample was read one by one, coverage on all."""

from __future__ import annotations

import re
from pathlib import Path

from huiyin import jsonl
from nlp.stages import casualties

OPEN = -1
"""Not measured: the report gives more than one number, or only an order (数百人)."""
READ = {
    6: (None, None),
    8: (1, None),
    10: (None, 1),
    15: (1, 6),
    24: (6, 38),
    25: (10, 2),
    28: (1, 1),
    29: (4, 2),
    36: (2, 2),
    39: (11, None),
    54: (4, 7),
    56: (3, 2),
    59: (None, None),
    73: (309, OPEN),
    85: (None, None),
    119: (None, None),
    128: (4, 21),
    129: (35, 160),
    132: (24, 1),
    135: (18, 70),
    142: (202, None),
    149: (30, None),
    166: (5, None),
    168: (None, None),
    175: (0, 0),
    191: (None, None),
    192: (13, OPEN),
    194: (0, 0),
    199: (16, 5),
    201: (0, 0),
    208: (None, None),
    210: (0, 0),
    224: (None, None),
    227: (None, None),
    235: (None, None),
    239: (None, None),
    242: (2, None),
    243: (1, None),
    246: (2, None),
    250: (None, None),
    251: (None, None),
    259: (None, None),
}
"""Place of a report in the file → (deaths, injured) as a reader of the whole report counts them; None: none are told of.
A random sample, read by a language model before the program's answers were looked at."""
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


def test_counts_of_reports_that_were_read_one_by_one(shared_data: Path) -> None:
    """Of the counts above zero: nine in ten of those given are right, and 85 in a hundred of those told of are found."""
    reports = list(jsonl.rows(str(shared_data / "news" / "cec_emergency.train.jsonl")))
    right = given = told = 0
    for place, expected in READ.items():
        found = casualties.read(reports[place]["text"])
        answers = (found.deaths, found.injured) if found else (None, None)
        for count, answer in zip(expected, answers, strict=True):
            if count == OPEN:
                continue
            told += bool(count)
            given += bool(answer)
            right += bool(count) and count == answer
    assert told >= 35
    assert right / told >= 0.95
    assert right / given >= 0.95
