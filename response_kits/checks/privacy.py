"""个人信息保护: identity and bank numbers, private phones, home addresses, names of victims and minors, health of a named person.

Basis: 政府信息公开条例 (2019) 第十五条; 个人信息保护法 第二十五、二十八条. A number that the facts give as an office's or a hotline may stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from nlp.stages import pii
from response_kits.checks import Page, Problem
from response_kits.checks._novel import tags
from response_kits.checks._signs import table

KEY = "privacy"
_NAMES = {"phone": "个人电话号码", "id_card": "证件号码", "bank_card": "银行卡号", "plate": "车牌号", "email": "个人邮箱", "address": "住址", "qq": "QQ号",
          "wechat": "微信号"}  # fmt: skip
_LONG_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
# A mobile number is an office's only where the facts call it so.
_OFFICE = re.compile(r"热线|咨询|拨打|举报|投诉|值班|办公|服务电话|报名")


def check(page: Page) -> Iterator[Problem]:
    """Yields each piece of personal data once."""
    found = [(kind, start, end) for kind, start, end in pii.find(page.text)]
    found += [
        ("id_card", *m.span())
        for m in _LONG_ID.finditer(page.text)
        if not any(a <= m.start() < b for _, a, b in found)
    ]
    for kind, start, end in found:
        if kind in ("phone", "email", "wechat", "qq") and _published(page, page.text[start:end]):
            continue
        yield Problem(f"含{_NAMES.get(kind, '个人信息')}，须隐去", start, end, reason=kind)
    yield from _people(page)


def _published(page: Page, written: str) -> bool:
    """Is this a number that the public may call: the own contact of the office or of the body that answers
    (`context["contacts"]`), or one that a fact calls a hotline or gives as a fixed line?

    What a letter to the office says (`o-office`, and `o-frame`, which repeats its subject) makes no number public, nor does a
    mobile number of some other entry of the directory.
    """
    digits = re.sub(r"\W", "", written)
    if digits in {re.sub(r"\W", "", part) for part in page.context.get("contacts", ())}:
        return True
    for fact in page.facts:
        bare = re.sub(r"[\s()（）-]", "", f"{fact.text} {fact.source}")
        at = -1 if fact.id in ("o-office", "o-frame") else bare.find(digits)
        fixed = not re.match(r"1[3-9]", digits)
        if at >= 0 and (fixed or (fact.id[:2] != "o-" and _OFFICE.search(bare[max(0, at - 30) : at]))):
            return True
    return False


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    rows = table("people")
    surname = f"(?:{'|'.join(rows['double_surnames'])}|[{rows['surnames']}])"
    name = rf"(?P<name>{surname}[\u4e00-\u9fff]{{1,2}})"
    protected = "|".join(rows["protected"])
    illness = "|".join(rows["illness"])
    return (
        re.compile(
            rf"(?:{protected})(?:姓名)?(?:为|是|叫|：|:)?{name}(?=[（(，,。、；的在被已于系因男女]|$)"
        ),
        re.compile(
            rf"{name}[^。；\n]{{0,16}}?(?:患有|确诊|诊断为|感染|罹患|检出|病史|残疾)[^。；\n]{{0,8}}?(?:{illness})"
        ),
        re.compile(rf"{name}[（(，,]\s*[男女][，,]?\s*\d{{1,2}}\s*岁"),
    )


def _people(page: Page) -> Iterator[Problem]:
    victim, ill, aged = _patterns()
    for pattern, message in (
        (victim, "含受害人或未成年人姓名“{}”，须隐去（可写“{}某”）"),
        (ill, "含“{}”的健康信息，须隐去姓名（可写“{}某”）"),
        (aged, "含个人姓名和年龄“{}”，须隐去（可写“{}某”）"),
    ):
        for match in pattern.finditer(page.text):
            name = match["name"]
            if (
                "某" in name
                or tags(page.text[max(0, match.start() - 2) : match.end() + 8]).get(name, "nr")[:2] != "nr"
            ):
                continue
            yield Problem(
                message.format(name, name[0]), match.start("name"), match.end("name"), reason="person"
            )
