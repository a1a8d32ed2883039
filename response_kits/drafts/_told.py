"""What our own standing texts on the issue already tell: the account of what happened, measures, the state of the inquiry."""

from __future__ import annotations

import re

from huiyin.records import Statement
from response_kits.answers import Sentence
from response_kits.drafts._material import Material
from response_kits.figures import figures
from response_kits.wording import closed, sentences
from response_kits.words import overlap

WHEN = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚|夜间)?(?:\d{1,2}时(?:\d{1,2}分)?)?(?:许|左右)?"
)
"""A day, and the time of day where one is named."""
_BEGINS = re.compile(rf"(?:{WHEN.pattern}|近期|近日)[，,]|经查，[^。]{{0,40}}于今年\d+月")
_PLACE = re.compile(
    rf"{WHEN.pattern}，(?P<place>[^，。]{{4,40}}?)(?:发生|出现|起火|爆裂|爆炸|坍塌|由\d+楼|部分(?:学生|居民|群众))"
)
_MEASURE = re.compile(
    "(?:已|立即|现已)[^，。]{0,24}(?:封存|停止|封停|停用|立案|启动应急响应|成立|疏散|转移|送往|取得联系|赶赴|控制|垫付|退还|公布)"
    "|赶赴现场处置|^责令"
)
_INQUIRY = re.compile("调查组|原因[^，。]{0,6}由[^，。]{2,30}调查|正在调查|案件正在办理|仲裁程序|启动问责")
_NOT = re.compile("截至|网传|不实|将|预计|造成|搜救仍在|可能")
_OFFICE = re.compile("新闻办")
ALIKE = 0.75


def account(m: Material) -> Sentence | None:
    """What happened, as our earliest standing statement with such a sentence told it. A count with its own 截至 is left out:
    it has been overtaken."""
    for statement in _standing(m):
        for sentence, _, _ in sentences(statement.text):
            if _BEGINS.match(sentence) and len(sentence) <= 160 and sentence.endswith("。"):
                return Sentence(closed(sentence.split("，截至")[0]), statement.id)
    return None


def place(told: str) -> str:
    """Where it happened, as the account names it; ""."""
    match = _PLACE.search(told)
    return match["place"] if match else ""


def measures(m: Material, said: str, most: int = 3) -> list[Sentence]:
    """Measures that our texts tell and `said` does not, oldest first; those with figures are left out (they change)."""
    return _clauses(m, _MEASURE, said)[:most]


def inquiry(m: Material, said: str) -> list[Sentence]:
    """How the inquiry stands, by our latest text that says so."""
    return _clauses(m, _INQUIRY, said)[-1:]


def _standing(m: Material) -> list[Statement]:
    """Standing texts, oldest first; those of the body itself before what the news office passed on."""
    rows = [s for s in m.statements if s.state == "standing"]
    own = [s for s in rows if not _OFFICE.search(s.body)]
    return own or rows


def _clauses(m: Material, wanted: re.Pattern[str], said: str) -> list[Sentence]:
    found: list[Sentence] = []
    for statement in _standing(m):
        for sentence, _, _ in sentences(statement.text):
            bare = re.sub(r"^[一二三四五六七八九十]+、", "", sentence.rstrip("。"))
            kept = [
                clause
                for clause in re.split("[，；]", bare)
                if len(clause) >= 6
                and wanted.search(clause)
                and not _NOT.search(clause)
                and not figures(clause)
            ]
            text = closed("，".join(kept))
            known = [*(row.text for row in found), *(s for s, _, _ in sentences(said))]
            if kept and all(overlap(text, other) < ALIKE for other in known):
                found.append(Sentence(text, statement.id))
    return found
