"""Counts of people in a clause: 3人, 一家三口, 三男两女, 3死5伤."""

from __future__ import annotations

import re

from nlp.reading import patterns
from nlp.reading.model import Number
from nlp.reading.numbers import value


def numbers(sentence: str, start: int, end: int) -> list[Number]:
    out: list[Number] = []
    for match in patterns.COUNT.finditer(sentence, start, end):
        if match["u"]:
            if match["u"] == "者" or _not_people(sentence, match):
                continue
            out.append(Number(match.start(), match.end(), value(match["n"]), _qualifier(sentence, match)))
        elif match["ck"]:
            if (number := _compact(sentence, match)) is not None:
                out.append(number)
        elif match["fam"]:
            out.append(Number(match.start(), match.end(), value(match["fn"]), "exact"))
        elif match["pair"]:
            follows = re.match(
                r"[^，。、0-9一二两三四五六七八九]{0,10}$|[^，。、]{0,6}(?:[双均都]|身亡|溺|遇|死)",
                sentence[match.end() : end],
            )
            if follows:
                out.append(Number(match.start(), match.end(), 2, "exact"))
        elif match["sexes"]:
            out.append(
                Number(
                    match.start(), match.end(), (value(match["s1"]) or 0) + (value(match["s2"]) or 0), "exact"
                )
            )
    return _without_sums(sentence, out)


def _without_sums(sentence: str, numbers: list[Number]) -> list[Number]:
    """Drop 六男四女 before 共十人, and 母女 before 二人: the second number says the same again."""
    out: list[Number] = []
    for number in numbers:
        if (
            out
            and not number.kind
            and re.fullmatch(r"(?:等|一)?(?:共|总共|共计)?有?", sentence[out[-1].end : number.start])
        ):
            out.pop()
        out.append(number)
    return out


def _not_people(sentence: str, match: re.Match[str]) -> bool:
    after = sentence[match.end() : match.end() + 2]
    if match.start() and sentence[match.start() - 1] in "第.0123456789":
        return True
    if match["u"] == "个" and re.match(
        r"[多半]?(?:小时|月|星期|省|市|县|区|村|国家|地方|问题|方面|部门|单位|班|车|家庭|部|点|街道)", after
    ):
        return True
    if sentence[match.start() - 1 : match.start()] in ("由", "从") and re.match(r"[增上升]", after):
        return True
    if match["u"] == "名" and re.match(r"[次单字牌词]", after):
        return True
    if match["u"] == "位" and re.match(r"[置于]", after):
        return True
    return match["n"] in ("一", "两") and match["u"] == "人" and re.match(r"[般士]", after) is not None


def _compact(sentence: str, match: re.Match[str]) -> Number | None:
    """3死5伤, 两死两重伤. Idioms (九死一生) and a lone 一死 without a verb before it are not counts."""
    around = sentence[max(0, match.start() - 4) : match.start()]
    after = sentence[match.end() : match.end() + 5]
    twin = re.match(
        r"[、，及和]?(?:[0-9]+|[一二两三四五六七八九十百]+)(?:余|多)?人?(?:重伤|轻伤|死|亡|伤|失踪|失联)",
        after,
    )
    led = re.search(
        r"(?:致|造成|酿成?|已|达|：|:|，|重伤|死|亡|伤|失踪|、|共|酿|导致|至少|失联|起|故)$", around
    )
    idiom = re.match(r"一生|不救|一伤|了之", after) or around.endswith(("第", ".", "视"))
    if idiom and (not twin or after.startswith("一生")):
        return None
    if not twin and not led and not match["cn"].isdigit():
        return None
    if not twin and not led and not re.match(r"[，。、！\s]|$", after):
        return None
    word = match["ck"]
    kind = "deaths" if word in "死亡" else "missing" if word.startswith("失") else "injured"
    return Number(
        match.start(), match.end(), value(match["cn"]), "exact", kind, patterns.SEVERITY.get(word, "")
    )


def _qualifier(sentence: str, match: re.Match[str]) -> str:
    bent = patterns.QUALIFIER.search(sentence, max(0, match.start() - 6), match.start())
    before, number, after = bent[0] if bent else "", match["n"], match["m"]
    if number == "多":
        return "vague"
    if (
        re.search(r"至少|不少于|不下|超过|逾|多达|最少", before)
        or after in ("余", "多")
        or number[0] in "数几成上"
    ):
        return "at-least"
    if re.search(r"近|约|将近|接近|差不多", before) or after == "来" or number.endswith("几"):
        return "about"
    return "exact"
