"""言之有据: every figure, date, name, quotation and claim of the text is found in a fact that speaks of the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

from response_kits.checks import (
    Page,
    Problem,
    _align,
    _counts,
    _dates,
    _edits,
    _figures,
    _novel,
    _objects,
    _senses,
)
from response_kits.checks._align import Fault
from response_kits.checks._ground import Ground, grams
from response_kits.checks._signs import Signs, lines, signs
from response_kits.checks._text import clauses, fold, spoken

KEY = "evidence"
_QUOTE = re.compile(r"“([^“”\n]{1,300})”")
_TITLE = re.compile(r"《([^《》\n]{2,80})》")
_LIST_MARK = re.compile(
    r"^\s*(?:[(（]?[一二三四五六七八九十\d]{1,2}[)）、]|[一二三四五六七八九十\d]{1,2}[.．](?!\d)|[一二三四五六七八九十]是|第[一二三四五六七八九十](?=[,，、:：]))\s*"
)


@cache
def _courtesy() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row})" for row in lines("courtesy.tsv")))


def check(page: Page) -> Iterator[Problem]:
    """Yields what no fact carries; `page.rests` is filled."""
    ground = Ground(page.facts)
    text = fold(page.text)
    today = _today(page)
    items = _figures.read(text)
    for n, (sentence, start, end) in enumerate(page.sentences):
        known = ground.verbatim(sentence)
        if known is not None:
            page.rests[n] = [known]
            continue
        rests: list[str] = []
        faults = list(_sentence(text, items, start, end, ground, today, rests, page))
        faults += _quotations(text, start, end, ground, page)
        page.rests[n] = list(dict.fromkeys(rests))
        seen: set[tuple[int, str]] = set()
        for fault in faults:
            if (
                not any(a <= fault.start + 1 and fault.end - 1 <= b for a, b in page.quoted)
                and (fault.start, fault.reason) not in seen
            ):
                seen.add((fault.start, fault.reason))
                yield Problem(fault.message, fault.start, fault.end, reason=fault.reason)


def _today(page: Page) -> _dates.Day | None:
    """The day from which 今日 counts: the context's, else the latest 截至 of the facts."""
    now = page.context.get("now")
    if isinstance(now, datetime):
        return _dates.Day(now.year, now.month, now.day)
    found = [m for fact in page.facts if (m := re.match(r"(\d{4})-(\d{2})-(\d{2})", fact.as_of))]
    best = max((tuple(int(m[i]) for i in (1, 2, 3)) for m in found), default=None)
    return _dates.Day(*best) if best else None


def _sentence(
    text: str,
    items: list[_figures.Item],
    start: int,
    end: int,
    ground: Ground,
    today: _dates.Day | None,
    rests: list[str],
    page: Page,
) -> Iterator[Fault]:
    mark = _LIST_MARK.match(text[start:end])
    if mark:
        start += mark.end()
    inner = [item for item in items if start <= item.start and item.end <= end]
    parts = [signs(text, inner, at, stop) for at, stop in clauses(text[start:end], start)]
    whole = grams([sign for part in parts for sign in part.row])
    if _signature(parts, end - start):
        yield from _signed(parts, ground, today)
        return
    row = [sign for part in parts for sign in part.row]
    yield from _edits.edits(text, start, end, ground.bearing(row, whole, 3))
    for part, (at, stop) in zip(parts, clauses(text[start:end], start), strict=True):
        if not part.row:
            continue
        if len(part.row) >= 4 and (held := ground.clause(text[at:stop])):
            rests.append(held)
            continue
        passages = ground.bearing(part.row, whole)
        known = _align.covered(part, passages)
        share = sum(known) / len(known)
        rests += [p.fact for p in passages[:1] if share >= 0.5]
        framed = any(a <= at and stop <= b for a, b in page.framed)
        polite = [m.span() for m in _courtesy().finditer(text, at, stop)]
        free = framed or _free(text, at, stop, part, polite)
        told = known
        known = [
            k or any(a <= s.start and s.end <= b for a, b in polite)
            for k, s in zip(known, part.row, strict=True)
        ]
        if not framed and not (free and share < 0.6):
            yield from _senses.senses(part, passages, {kind for p in parts for kind, *_ in p.marks})
            yield from _senses.opposites(part, passages)
            yield from _senses.scope(part, passages)
        yield from _counts.figures(part, passages, ground, today, [sign for p in parts for sign in p.row])
        if free and not framed and share >= 0.6:
            yield from _novel.names(part, told, text[at:stop])
        if not free:
            yield from _novel.faults(part, known, passages, text[at:stop])
            yield from _objects.substitutions(
                part, passages, _novel.nouns([text[at:stop], *(p.text for p in passages[:2])])
            )


def _free(text: str, start: int, stop: int, part: Signs, polite: Sequence[tuple[int, int]]) -> bool:
    """A clause of courtesy, a heading, a passage to the next part, or an open question: it needs no fact."""
    left = "".join(
        c
        for n, c in enumerate(text[start:stop], start)
        if c.isalnum() and not any(a <= n < b for a, b in polite)
    )
    return len(left) <= 2 and not any(
        sign.item and sign.item.kind in ("num", "date", "doc") for sign in part.row
    )


def _signature(parts: Sequence[Signs], length: int) -> bool:
    """A line that is a date, with at most a body's name before it."""
    row = [sign for part in parts for sign in part.row]
    return bool(row) and length <= 40 and row[-1].item is not None and row[-1].item.kind in ("date", "time") and all(
        sign.item is None or sign.item.kind in ("date", "time", "code") for sign in row
    ) and len(row) <= 14 and sum(sign.item is None for sign in row) <= 12 and not any(part.marks for part in parts)  # fmt: skip


def _signed(parts: Sequence[Signs], ground: Ground, today: _dates.Day | None) -> Iterator[Fault]:
    """A signature needs no fact, but may not differ from the one that the facts carry."""
    row = [sign for part in parts for sign in part.row]
    dated = [sign for sign in row if sign.item is not None and sign.item.kind == "date"]
    body = {sign.key for sign in row if sign not in dated}
    ends = [
        p
        for p in ground.passages
        if p.row and len(p.row) <= 14 and (last := p.row[-1].item) and last.kind == "date"
    ]
    known = [p for p in ends if (len(p.row) > 1) == bool(body)]
    for sign in dated:
        same = [p for p in ground.passages for o in p.row if o.item and o.item.kind == "date" and sign.item
                and _dates.agree(sign.item, o.item, p.year, p.month, today)]  # fmt: skip
        if known and not same:
            yield Fault(
                "date",
                sign.start,
                sign.end,
                f"落款日期“{sign.raw}”与事实不符：事实为“{known[-1].row[-1].raw}”",
            )
        signed = [p for p in same if p in known]
        if body and signed and not any(body <= set(p.keys) for p in signed):
            yield Fault(
                "name",
                row[0].start,
                row[-1].end,
                f"落款单位与事实不符：事实为“{signed[-1].text.strip()[:40]}”",
            )


def _quotations(text: str, start: int, end: int, ground: Ground, page: Page) -> Iterator[Fault]:
    if any(a <= start and end <= b for a, b in page.framed):
        return
    for pattern, name in ((_QUOTE, "引语"), (_TITLE, "文件或作品名")):
        for match in pattern.finditer(text, start, end):
            inner = spoken(match[1])
            if inner and inner not in ground.spoken:
                yield Fault(
                    "quotation", match.start(), match.end(), f"{name}“{match[1]}”与事实中的原文不一致"
                )
