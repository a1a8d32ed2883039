"""What the reading of casualties passes on: mentions, and the counts they are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `kind`: deaths, injured, missing or combined (伤亡, unknown split). `value` None: no number can be read.

    `qualifier`: exact, at-least, about, range or vague. `span`: character offsets into the text. `status`: counted, none
    (the text says that there are none), negated, history, abroad, drill, fiction, prevention-statistic. `role` says how
    it adds up: whole, part (of a stated total), total (cumulative), more (on top). `severity`: severe, light or empty.
    """

    kind: str
    value: int | None
    qualifier: str
    span: tuple[int, int]
    status: str
    words: str
    role: str = "whole"
    sentence: int = 0
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A count of people in a sentence; `kind` is set where the count names it itself (3死)."""

    start: int
    end: int
    value: int | None
    qualifier: str
    kind: str = ""
    severity: str = ""
