"""Mentions of dead, injured and missing people: counts and casualty words of a clause, joined by rule."""

from __future__ import annotations

import re
from dataclasses import replace

from nlp.reading import patterns
from nlp.reading.counts import numbers as numbers_of
from nlp.reading.model import Mention, Number
from nlp.reading.numbers import plain
from nlp.reading.placing import Frame, placed

__all__ = ["Mention", "mentions"]

LONGEST_GAP = 24
"""Most characters between a kind of harm and the number that belongs to it."""
LIMIT = 300
"""No sentence is read after so many mentions: no report has them, and a text made to be slow has."""


def mentions(text: str) -> list[Mention]:
    """The mentions in order, the first LIMIT or so. Counts are joined to casualty words clause by clause, settings are judged by sentence."""
    original, text = text, plain(text)
    if patterns.KIND.search(text) is None:
        return []
    if "(" in text or "（" in text:
        text = patterns.BRACKETS.sub(_blank, text)
    found: list[Mention] = []
    sentences = [(m.start(), m[0]) for m in patterns.SENTENCE.finditer(text)]
    frame = Frame(text)
    for number, (offset, sentence) in enumerate(sentences):
        if not patterns.KIND.search(sentence):
            continue
        if len(found) >= LIMIT:
            break
        here = _in_sentence(sentence, offset, number)
        if here:
            before = sentences[number - 1][1] if number else ""
            found += [
                placed(mention, sentence, offset, before, frame)
                for mention in here
                if not _natural(mention, text)
            ]
    found = _with_single_victims(found, sentences, frame)
    return [replace(mention, words=original[mention.span[0] : mention.span[1]]) for mention in found]


def _natural(mention: Mention, text: str) -> bool:
    """One person's death of age or illness, told without any accident, is no casualty."""
    return (
        mention.value == 1
        and patterns.NATURAL.search(mention.words) is not None
        and not patterns.ACCIDENT.search(text)
    )


def _blank(match: re.Match[str]) -> str:
    """A short aside without casualties (5女6男) as blanks of the same length, so that it does not cut its clause."""
    return match[0] if patterns.KIND.search(match[0]) else "\u3000" * len(match[0])


def _in_sentence(sentence: str, offset: int, number: int) -> list[Mention]:
    out: list[Mention] = []
    unknown = [m.span() for m in patterns.UNKNOWN.finditer(sentence)]
    taken: list[tuple[int, int]] = list(unknown)
    for none in patterns.NONE.finditer(sentence):
        if any(a <= none.start("k") < b for a, b in unknown) or none["k"] == "被困":
            continue
        if (
            not none["who"]
            and none["k"] not in ("伤亡", "死伤")
            and not none[0].startswith(("无一", "零", "无死亡", "无新增", "无失"))
        ):
            continue  # 他没有受伤 says nothing of the others
        taken.append(none.span())
        for kind in _none_kinds(none["k"]):
            out.append(
                Mention(
                    kind,
                    0,
                    "exact",
                    (offset + none.start(), offset + none.end()),
                    "none",
                    none[0],
                    "whole",
                    number,
                )
            )
    part = False
    previous: re.Match[str] | None = None
    local: list[Mention] = []
    kinds = [m.start() for m in patterns.KIND.finditer(sentence)]
    for clause in patterns.CLAUSE.finditer(sentence):
        if patterns.PART.search(clause[0]):
            part = True
        elif re.match(r"(?:另|此外|还有|同时)", clause[0]):
            part = False
        start = clause.start()
        if previous is not None and patterns.BARE.fullmatch(clause[0]) and not local:
            start = previous.start()  # 祖孙三人被洪水冲走，下落不明
        has_kind = any(start <= place < clause.end() for place in kinds)
        local = _in_clause(sentence, start, clause.end(), taken) if has_kind else []
        previous = clause
        for mention in local:
            role = _role(sentence, mention, clause.start(), part, out)
            start, end = mention.span
            out.append(replace(mention, span=(offset + start, offset + end), role=role, sentence=number))
    return sorted(out, key=lambda mention: mention.span)


def _none_kinds(word: str) -> tuple[str, ...]:
    if word in ("伤亡", "死伤"):
        return ("deaths", "injured")
    if word in ("死亡", "遇难"):
        return ("deaths",)
    return ("injured",) if word in ("受伤", "重伤") else ("missing",)


def _role(sentence: str, mention: Mention, clause_start: int, part: bool, before: list[Mention]) -> str:
    lead = sentence[max(clause_start, mention.span[0] - 8) : mention.span[1]]
    if patterns.MORE.search(lead):
        return "more"
    if patterns.TOTAL.search(lead):
        return "total"
    bracketed = sentence.rfind("(", 0, mention.span[0]) > sentence.rfind(")", 0, mention.span[0])
    bracketed = bracketed or sentence.rfind("（", 0, mention.span[0]) > sentence.rfind(
        "）", 0, mention.span[0]
    )
    same = [other for other in before if other.kind == mention.kind and other.value and other.role != "part"]
    # 6人受伤，其中1人抢救无效死亡: the one is a part of the hurt, and comes on top of the dead.
    if (
        part
        and before
        and before[-1].kind == "injured"
        and mention.kind == "deaths"
        and patterns.LATER_DEATH.search(mention.words)
    ):
        return "whole"
    if (part or bracketed) and same:
        return "part"
    if any(
        other.value == mention.value and other.severity == mention.severity for other in same
    ) and not patterns.MANNER.search(lead + mention.words):
        return "part"
    # 死亡的47人中有… and 34名伤者中 name again what was counted before.
    generic = [other.value or 0 for other in same if not other.severity]
    if (
        mention.severity
        and generic
        and (mention.value or 0) <= max(generic)
        and not re.search(r"另|还有", lead)
    ):
        return "part"
    if same and re.search(r"(?:死亡|遇难|受伤|死|伤)的|者$", mention.words):
        return "part"
    return "whole"


def _in_clause(sentence: str, start: int, end: int, taken: list[tuple[int, int]]) -> list[Mention]:
    numbers = numbers_of(sentence, start, end)
    kinds = [
        m
        for m in patterns.KIND.finditer(sentence, start, end)
        if not any(a <= m.start() < b for a, b in taken)
    ]
    out: list[Mention] = []
    used: set[int] = set()
    tokens: list[Number | re.Match[str]] = sorted([*numbers, *kinds], key=_place_of)
    waiting: list[Number] = []
    last_kind: re.Match[str] | None = None
    for token in tokens:
        if isinstance(token, Number):
            if token.kind:
                out.append(_mention(sentence, token.kind, [token], token.start, token.end, token.severity))
                waiting, last_kind = [], None
            elif last_kind is not None and _linked(sentence[last_kind.end() : token.start]):
                out.append(_joined(sentence, last_kind, [token], last_kind.start(), token.end))
                used.add(last_kind.start())
                last_kind = None
            else:
                waiting.append(token)
            continue
        group = _governing(sentence, waiting, token)
        waiting = []
        if group and not _active(sentence, group[-1], token):
            out.append(_joined(sentence, token, group, group[0].start, token.end()))
            last_kind = None
        else:
            last_kind = token
    return out


def _linked(gap: str) -> bool:
    """Whether only linking words stand between a kind and its number. They can be cut in many ways (人数, or 人 and 数), so a
    gap made of them would take time that doubles with each word: one longer than people write links nothing."""
    return len(gap) <= LONGEST_GAP and patterns.LINK.match(gap) is not None


def _place_of(token: Number | re.Match[str]) -> int:
    return token.start if isinstance(token, Number) else token.start()


def _joined(sentence: str, kind: re.Match[str], group: list[Number], start: int, end: int) -> Mention:
    name = patterns.kind_of(kind[0])
    severity = next((level for word, level in patterns.SEVERITY.items() if word in kind[0]), "")
    return _mention(sentence, name, group, start, end, severity)


def _mention(sentence: str, kind: str, group: list[Number], start: int, end: int, severity: str) -> Mention:
    values = [number.value for number in group if number.value is not None]
    total = sum(values) if values else None
    qualifier = next((number.qualifier for number in group if number.qualifier != "exact"), "exact")
    return Mention(kind, total, qualifier, (start, end), "counted", sentence[start:end], severity=severity)


def _governing(sentence: str, waiting: list[Number], kind: re.Match[str]) -> list[Number]:
    """The counts that a casualty word closes: the last one, and those before it in a list (2名儿童、6名成人受伤)."""
    if not waiting:
        return []
    last = waiting[-1]
    gap = sentence[last.end : kind.start()]
    if (
        len(gap) > 22
        or patterns.BREAKS.search(gap)
        or (gap.endswith("的") and kind[0] == "死亡" and sentence[last.end - 1] == "个")
    ):
        return []
    group = [last]
    for earlier in reversed(waiting[:-1]):
        between = sentence[earlier.end : group[0].start]
        if len(between) > 14 or not re.search(r"[、和及与]$|以及$", between):
            break
        group.insert(0, earlier)
    return group


def _active(sentence: str, number: Number, kind: re.Match[str]) -> bool:
    """Whether the counted people did it: 3名歹徒砍死… against 3人被砍死."""
    word = kind[0]
    if len(word) != 2 or word[0] not in patterns.TRANSITIVE + "咬" or word[1] not in "死伤":
        return False
    between = sentence[number.end : kind.start()]
    if re.search(r"被|遭|让|给|挨|惨", between):
        return False
    return bool(
        re.match(
            r"了?(?:至少)?(?:[0-9一二两三四五六七八九十数多]|\w{0,8}[人者员民童孩])|\w",
            sentence[kind.end() : kind.end() + 10],
        )
    )


def _inside(place: int, found: list[Mention]) -> bool:
    return any(mention.span[0] <= place < mention.span[1] for mention in found)


def _with_single_victims(
    found: list[Mention], sentences: list[tuple[int, str]], frame: Frame
) -> list[Mention]:
    """Add the one person who died or was hurt without a number (致周某当场死亡), where no number of that kind is given."""
    for kind, sure in (("deaths", patterns.SURE_DEATH), ("injured", patterns.SURE_INJURED)):
        if any(mention.kind == kind and mention.status in ("counted", "abroad") for mention in found):
            continue
        for number, (offset, sentence) in enumerate(sentences):
            match = next((m for m in sure.finditer(sentence) if not _inside(offset + m.start(), found)), None)
            if match is None or patterns.UNCOUNTED_NOT.match(sentence, match.start()):
                continue
            if patterns.NEGATED.search(sentence[max(0, match.start() - 8) : match.start()]):
                continue
            lead = re.split(r"[。；;]", sentence[: match.start()])[-1][-24:]
            near = re.split(r"[，,]", lead)
            scope = lead if kind == "deaths" else near[-1]
            struck = match[0][0] in patterns.TRANSITIVE and patterns.SOLE.search(
                sentence, match.end(), match.end() + 12
            )
            if not (patterns.SOLE.search(scope) or struck) or patterns.PLURAL.search(near[-1]):
                continue
            single = Mention(
                kind,
                1,
                "exact",
                (offset + max(0, match.start() - 12), offset + match.end()),
                "counted",
                sentence[max(0, match.start() - 12) : match.end()],
                "whole",
                number,
            )
            before = sentences[number - 1][1] if number else ""
            found.append(placed(single, sentence, offset, before, frame))
            break
    return sorted(found, key=lambda mention: mention.span)
