"""What of the verified and published answers a question: facts first, else sentences of our own standing texts.

By rule and by the question's own words, weighed by how rarely the material uses them. A question for a reason is answered only
by what tells a reason, one for a time only by what names one: a true sentence that does not answer misleads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from huiyin.records import Fact, Statement
from response_kits import evidence
from response_kits.facts import slot_by_rule
from response_kits.figures import figures
from response_kits.wording import sentences
from response_kits.words import words

WHOLE = 0.6
"""Share of the weight of a question's words from which a sentence answers it."""
PART = 0.42
"""From here it answers a part; the rest is named as being checked."""
LONGEST = 90
SUBJECT = 0.35
"""Weight of the words that name the matter itself: every sentence of it has them."""
_ASKING = frozenset(
    [
        "什么",
        "怎么",
        "怎样",
        "怎么样",
        "多少",
        "是否",
        "有没有",
        "能不能",
        "可不可以",
        "为何",
        "为什么",
        "如何",
        "何时",
        "何处",
        "哪里",
        "哪个",
        "哪些",
        "要不要",
        "会不会",
        "是不是",
        "请问",
        "请求",
        "要求",
        "希望",
        "建议",
        "恳请",
        "尽快",
        "立即",
        "公布",
        "公开",
        "说明",
        "告诉",
        "告知",
        "一下",
        "我们",
        "他们",
        "你们",
        "政府",
        "部门",
        "有关",
        "相关",
        "这次",
        "这个",
        "那个",
        "现在",
        "到底",
        "究竟",
        "还要",
        "一并",
        "知道",
        "全部",
        "全过程",
        "每天",
        "每日",
        "时候",
        "核查",
        "依据",
        "以及",
        "方面",
    ]
)
_INCIDENT = re.compile("[下坠]滑|坠|爆|起火|着火|火灾|泄漏|坍塌|塌|中毒|死鱼|死亡|呕吐|事故|出事")
_NEVER = re.compile("网传|谣|不实|感谢|特此|举报|敬请|关注后续|下一次|线索|通报如下|说明如下|公告如下")
_COUNTS = ("deaths", "injured", "missing", "condition", "scale", "loss")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence (or some of its clauses) of a standing text of ours."""

    text: str
    statement: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a question; `whole`: all that is asked. Either facts or sentences, never both empty."""

    facts: list[Fact] = field(default_factory=list)
    told: list[Sentence] = field(default_factory=list)
    whole: bool = True


class Answers:
    """What a matter's facts and standing texts answer. Read once, asked often: a press pool puts a dozen questions."""

    def __init__(
        self, facts: Sequence[Fact], statements: Sequence[Statement] = (), subject: str = ""
    ) -> None:
        self._facts = facts
        self._told = _sentences(statements)
        self._texts = [fact.text for fact in facts] + [one.text for one in self._told]
        self._subject = subject

    def find(self, question: str) -> Answer | None:
        """The answer to a question, None where nothing verified or published answers even a part of it."""
        known = evidence.answered(question, self._facts)
        if known:
            return Answer(facts=known[:3])
        if evidence.asks_why(question) and _INCIDENT.search(question):
            # Before a finding the only honest answer to why is who inquires.
            inquiry = [fact for fact in self._facts if fact.slot == "investigation"][:1]
            if inquiry:
                return Answer(facts=inquiry)
        weigh = _weights(question, self._texts, self._subject)
        if not weigh:
            return None
        scored = [(_share(weigh, one.text), one) for one in self._facts if evidence.fits(question, one.text)]
        lines = [(_share(weigh, one.text), one) for one in self._told if evidence.fits(question, one.text)]
        line = max(lines, key=lambda pair: pair[0], default=None)
        score = max((share for share, _ in scored), default=0.0)
        if line is not None and line[0] > score:
            return self._part(question, line[0], told=[line[1]])
        near = [fact for share, fact in scored if share >= max(PART, score * 0.9)][:2]
        return self._part(question, score, facts=near)

    def _part(
        self, question: str, score: float, *, facts: Sequence[Fact] = (), told: Sequence[Sentence] = ()
    ) -> Answer | None:
        """The answer with what it leaves open; None below PART."""
        if score < PART:
            return None
        text = " ".join([*(fact.text for fact in facts), *(one.text for one in told)])
        return Answer(list(facts), list(told), _whole(question, score, text))


def _whole(question: str, score: float, text: str) -> bool:
    """All of it: most of its words, and what it asks how or when to do."""
    return score >= WHOLE and evidence.does(question, text)


def _weights(question: str, texts: Sequence[str], subject: str) -> dict[str, float]:
    """Content words of the question → weight: rarer in the material, heavier; words of the matter's name lighter."""
    found = {}
    for word in dict.fromkeys(words(question)):
        if word in _ASKING:
            continue
        held = sum(word in text for text in texts)
        weight = math.log(1 + (len(texts) + 1) / (1 + held))
        found[word] = weight * (SUBJECT if word in subject else 1.0)
    return found


def _share(weigh: dict[str, float], text: str) -> float:
    """Share of the weight that a text holds; 0 where it holds one word only of several."""
    held = [word for word in weigh if word in text]
    if len(held) < min(2, len(weigh)):
        return 0.0
    return sum(weigh[word] for word in held) / sum(weigh.values())


def _sentences(statements: Sequence[Statement]) -> list[Sentence]:
    """Sentences of standing texts that can stand alone, the latest text's first. A count of people or damage is left to the
    facts: an older text's may have been overtaken."""
    found: list[Sentence] = []
    for statement in reversed([s for s in statements if s.state == "standing"]):
        for sentence, _, _ in sentences(statement.text):
            text = re.sub(
                r"^(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+[.、])", "", sentence.strip()
            )
            if not 8 <= len(text) <= LONGEST or not text.endswith("。") or _NEVER.search(text):
                continue
            if figures(text) and (slot_by_rule(text) in _COUNTS or "截至" in text):
                continue
            if all(text != one.text for one in found):
                found.append(Sentence(text, statement.id))
    return found
