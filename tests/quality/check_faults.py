"""Plants one fault in a sentence of a real reply, or rewords it truly; readers of its own, so that it shares no blind spot
with the gates that it measures."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import cache

Maker = Callable[[str, random.Random, Sequence[str]], str | None]

_SPLIT = re.compile(r"[^。！？!?\n]+[。！？!?]?")
_CN = "零一二三四五六七八九"
_CLAUSE = re.compile(r"[，,]")


def sentences(text: str) -> list[str]:
    return [s.strip() for s in _SPLIT.findall(text) if s.strip()]


_QUOTED = re.compile(r"“[^”]*”|《[^》]*》")


def _sub(
    pattern: str, make: Callable[[re.Match[str], random.Random], str | None], quotes: bool = False
) -> Maker:
    """`quotes`: also within quotations and titles, where other words are other words."""

    compiled = re.compile(pattern)

    def maker(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
        found = list(compiled.finditer(sentence))
        rng.shuffle(found)
        guarded = [m.span() for m in _QUOTED.finditer(sentence)]
        for match in found:
            if not quotes and any(a < match.start() and match.end() < b for a, b in guarded):
                continue
            new = make(match, rng)
            if new is not None and new != match[0]:
                return sentence[: match.start()] + new + sentence[match.end() :]
        return None

    return maker


def _other_digit(text: str, rng: random.Random) -> str:
    places = [n for n, c in enumerate(text) if c.isdigit()]
    at = rng.choice(places)
    first = at == places[0]
    choices = [c for c in "123456789" + ("" if first else "0") if c != text[at]]
    return text[:at] + rng.choice(choices) + text[at + 1 :]


def _table(*pairs: tuple[str, str], before: str = "", after: str = "", both: bool = True) -> Maker:
    swap = dict(pairs) | ({b: a for a, b in pairs} if both else {})
    names = "|".join(sorted(map(re.escape, swap), key=len, reverse=True))
    return _sub(before + f"(?P<w>{names})" + after, lambda m, _: m[0].replace(m["w"], swap[m["w"]]))


def _shift(match: re.Match[str], rng: random.Random) -> str:
    top = {"年": 2099, "月": 12, "日": 28, "号": 28, "时": 23, "点": 12}[match[2]]
    new = int(match[1]) + rng.choice([-3, -2, -1, 1, 2, 3])
    new = max(1, min(top, new))
    return f"{new if new != int(match[1]) else new + (1 if new < top else -1)}{match[2]}"


_NAMES = re.compile(
    r"[\u4e00-\u9fff]{2}(?:街道|社区|小区|公司|医院|小学|中学|大道|公园|广场|派出所)|[\u4e00-\u9fff]{2}(?:路|镇|村|河|桥|局)|[A-M]\d{0,2}(?:市|县|区)"
)
_BAD = re.compile(
    r"[的了在和与对将已由从为是到及被就请经我该各本两等个向有于至把给其新旧老大小区市县镇局一二三四五六七八九十]"
)


def _endings(name: str) -> str:
    for end in ("派出所", "街道", "社区", "小区", "公司", "医院", "小学", "中学", "大道", "公园", "广场"):
        if name.endswith(end):
            return end
    return name[-1]


@cache
def _proper(head: str) -> bool:
    """Two characters that the dictionary does not know as a common word."""
    import rjieba

    tags = rjieba.tag(head)
    return len(tags) > 1 or tags[0][1] in ("nr", "ns", "nz", "nrt")


def _names(text: str) -> list[str]:
    return [
        m
        for m in _NAMES.findall(text)
        if not _BAD.search(m[: -len(_endings(m))]) and (m[0].isascii() or _proper(m[: -len(_endings(m))]))
    ]


def swapped_name(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """A name of the same sort, from another reply or made up."""
    mine = _names(sentence)
    if not mine:
        return None
    name = rng.choice(mine)
    end = _endings(name)
    pool = sorted({n for text in others for n in _names(text) if _endings(n) == end and n not in sentence})
    if not pool:
        return None
    return sentence.replace(name, rng.choice(pool), 1)


_NOT_A_NEGATION = r"(?<![是有能可与])(?:不(?![断仅但便过久动良少同妨论管光止可时禁得定周实])|未(?!来|成年)|没有|无(?![锡线人障论偿害疑证])|尚未|并非|不得|不予)(?!与否)"


def invented(clauses: Sequence[str]) -> Maker:
    def maker(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
        body = sentence.rstrip("。！？!?")
        if len(body) < 10 or not re.search(r"[\u4e00-\u9fff]$", body):
            return None
        return f"{body}，{rng.choice(clauses)}。"

    return maker


def borrowed(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """A clause of another reply at the end."""
    body = sentence.rstrip("。！？!?")
    pool = [c for text in others for s in sentences(text) for c in _CLAUSE.split(s.rstrip("。！？!?"))
            if 8 <= len(c) <= 30 and not re.search("感谢|您|谅解|支持|理解|回复|收悉|留言|网友|[：:；]", c)]  # fmt: skip
    return f"{body}，{rng.choice(pool)}。" if pool and len(body) >= 10 else None


def swapped_numbers(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Two numbers with the same unit change places."""
    found = list(
        re.finditer(
            r"(?<![\d.\-])(\d+(?:\.\d+)?)(?=(万元|元|人|户|平方米|米|公里|吨|亩|个|家|套|%))", sentence
        )
    )
    for a in found:
        for b in found:
            if a.start() < b.start() and a[2] == b[2] and a[1] != b[1]:
                return (
                    sentence[: a.start()] + b[1] + sentence[a.end() : b.start()] + a[1] + sentence[b.end() :]
                )
    return None


FAULTS: dict[str, Maker] = {
    "wrong digit": _sub(r"(?<![\d.\-*A-Za-z])\d+(?:\.\d+)?(?=\s*(?:万|亿|多|余)?(?:元|人|户|米|公里|平方|吨|亩|个|家|套|%|天|小时|名|条|台|次|处|辆|年(?!\d*月)))(?!年)", lambda m, r: _other_digit(m[0], r)),
    "wrong Chinese numeral": _sub(rf"[二三四五六七八九十](?=(?:个|名|人|户|条|项|次|台|处|家|期|批|层|栋|级|年|天|所)[\u4e00-\u9fff])(?<!第)(?<![十百千第{_CN}].)", lambda m, r: r.choice([c for c in "二三四五六七八九" if c != m[0]])),
    "shifted date": _sub(r"(?<![\d.])(\d{1,4})(?<!^)([年月日时])(?!内|间|以)", lambda m, r: _shift(m, r) if m[2] != "年" or len(m[1]) == 4 else None),
    "swapped name": swapped_name,
    "changed unit": _table(("万元", "元"), ("平方米", "亩"), ("公里", "米"), ("天", "个工作日"), ("小时", "分钟"), ("人", "户"), ("吨", "公斤"), ("个月", "年"), before=r"\d", after="(?![以均间气才口员民行大])"),
    "dropped negation": _sub(_NOT_A_NEGATION, lambda m, r: {"没有": "有", "无": "有"}.get(m[0], "")),
    "added negation": _table(("已经", "尚未"), ("已", "未"), ("可以", "不可以"), ("属于", "不属于"), ("符合", "不符合"), ("能够", "不能"), before="(?<![不早未我而])", after="(?![经收阅转交知于获])", both=False),
    "tense": _table(("正在", "已"), ("已完成", "将完成"), ("将", "已"), ("拟", "已"), ("计划", "已"), before="(?<![现即，。：就事模虚])", after="(?![有相近情于您其如回在定合])", both=False),
    "direction": _table(("增加", "减少"), ("提高", "降低"), ("上升", "下降"), ("以上", "以下"), ("上午", "下午"), ("同意", "不同意"), ("合格", "不合格"), ("最高", "最低"), ("高于", "低于"), ("允许", "禁止"), ("合法", "违法"), ("左侧", "右侧"), ("东侧", "西侧"), before="(?<![不据])"),
    "strength": _table(("部分", "全部"), ("基本完成", "全部完成"), ("原则上", "一律"), ("可能", "必然"), ("初步", "最终"), ("至少", "至多"), ("不少于", "不超过"), before="(?<![大各合节预制签违公尽不一])", after="(?![定谈见组])", both=False),
    "widened range": _sub(r"(?<![\d.\-])(\d{1,3})([-—~至到])(\d{1,3})(?=个|天|日|年|米|元|%|名|人|月)", lambda m, r: f"{m[1]}{m[2]}{int(m[3]) + r.randint(1, 9)}"),
    "wrong document number": _sub(r"(〔|\[|\()(\d{4})(〕|\]|\))(\d{1,4})(?=号)|(?<=\[政府发文\])()()()(\d+)(?=号)", lambda m, r: (f"{m[1]}{m[2]}{m[3]}{_other_digit(m[4], r)}" if m[4] else _other_digit(m[0], r))),
    "invented quotation": _sub(r"(?:表示|认为|指出|强调|介绍|说明|告知|要求)(?=[，：:])?[，：:]?(?=[\u4e00-\u9fff])", lambda m, r: m[0].rstrip("，：:") + "：“" + r.choice(["这个项目绝对没有问题", "我们一定负责到底", "此事与我单位无关", "大家尽管放心"]) + "”，"),
    "changed quotation": _sub(r"“([\u4e00-\u9fff]{4,20})”", lambda m, r: m[0][:2] + r.choice("新大中高全") + m[0][3:] if m[1][1] not in "新大中高全" else None),
    "invented cause": invented(["系施工单位违规操作所致", "原因是设备老化", "是由于相关负责人失职造成的", "主要因暴雨引发"]),
    "invented promise": invented(["我局承诺年底前全部整改到位", "并将对受影响居民给予赔偿", "确保今后不再发生类似问题", "将免费为居民更换设备"]),
    "invented act": invented(["并已对两名责任人停职检查", "现已移送公安机关立案侦查", "市政府已召开专题会议研究", "专家组已到现场勘察", "已约谈该公司负责人并处以罚款"]),
    "borrowed clause": borrowed,
    "numbers change places": swapped_numbers,
    "thing counted": _table(("死亡", "受伤"), ("男", "女"), ("住院", "出院"), ("学生", "教师"), ("居民", "企业"), ("收入", "支出"), ("道路", "桥梁"), ("小学", "中学"), ("城镇", "农村"), ("水质", "空气"), ("噪音", "油烟"), before="", after="(?![教部])"),
}  # fmt: skip


def _numeral(match: re.Match[str], rng: random.Random) -> str | None:
    n = int(match[0])
    if n < 10:
        return _CN[n] if n not in (0, 2) else None
    if n < 100:
        return ("" if n < 20 else _CN[n // 10]) + "十" + (_CN[n % 10] if n % 10 else "")
    return None


def reordered(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """Two clauses in the middle change places."""
    parts = _CLAUSE.split(sentence.rstrip("。"))
    if len(parts) < 4 or re.search("[；：:“”（(、]", sentence):
        return None
    at = rng.randrange(1, len(parts) - 2)
    parts[at], parts[at + 1] = parts[at + 1], parts[at]
    return "，".join(parts) + "。"


def shortened(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """One clause is left out."""
    parts = _CLAUSE.split(sentence.rstrip("。"))
    if len(parts) < 3 or re.search("[“”（(]", sentence):
        return None
    del parts[rng.randrange(len(parts))]
    return "，".join(parts) + "。"


def parted(sentence: str, rng: random.Random, others: Sequence[str]) -> str | None:
    """A comma becomes a full stop."""
    places = [m.start() for m in _CLAUSE.finditer(sentence)]
    if not places or re.search("[“”（(]", sentence):
        return None
    at = rng.choice(places)
    return sentence[:at] + "。" + sentence[at + 1 :]


_SAME = (("经调查", "经核实"), ("目前", "现在"), ("已经", "已"), ("由于", "因为"), ("立即", "马上"), ("进行", "开展"), ("督促", "要求"), ("位于", "坐落于"), ("帮助", "协助"),
         ("修建", "建设"), ("按照", "根据"), ("回复", "答复"), ("加强", "强化"), ("没有", "无"), ("尚未", "还没有"), ("同时", "此外"), ("施工单位", "施工方"), ("如果", "若"), ("检查", "排查"),
         ("必须", "应当"), ("需要", "需"), ("公里", "千米"), ("确保", "保证"), ("居民", "群众"), ("前往", "赶赴"), ("完善", "健全"), ("依据", "根据"), ("反映", "反馈"), ("规定", "要求"), ("影响", "干扰"))  # fmt: skip

REWORDINGS: dict[str, Maker] = {
    "unchanged": lambda s, r, o: s,
    "numeral in Chinese": _sub(r"(?<![\d.\-:*A-Za-z/])[1-9]\d?(?=(?:个|名|人|户|条|项|次|台|处|家|天|年级|栋|米|套)(?!\d))", _numeral),
    "full-width digits": _sub(r"(?<![\d*A-Za-z])\d{1,6}(?![\d*])", lambda m, r: m[0].translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
    "percent in words": _sub(r"(?<![\d.\-])([1-9]\d?)%", lambda m, r: f"百分之{_numeral(re.match(r'[0-9]+', m[1]), r)}" if _numeral(re.match(r"[0-9]+", m[1]), r) else None),  # type: ignore[arg-type]
    "scale": _sub(r"(?<![\d.])(\d{1,3})万(?=元|人|平方米|户)", lambda m, r: f"{m[1]}0000"),
    "date with dashes": _sub(r"(\d{4})年(\d{1,2})月(\d{1,2})日", lambda m, r: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d} "),
    "号 for 日": _sub(r"(?<=月)(\d{1,2})日", lambda m, r: f"{m[1]}号"),
    "synonym": _table(*_SAME),
    "two synonyms": lambda s, r, o: (lambda once: (lambda twice: twice if twice and twice != s else None)(_table(*_SAME)(once, r, o)) if once else None)(_table(*_SAME)(s, r, o)),
    "clauses change places": reordered,
    "a clause left out": shortened,
    "parted": parted,
    "opening": lambda s, r, o: r.choice(["经了解，", "据了解，", "目前，", "另外，", "需要说明的是，", "经核实，"]) + s if len(s) > 8 and not re.match("经|目前|现|您|网友|[一二三四五六七八九十0-9（(]", s) else None,
    "请 and 了 added": _sub(r"(?<=已)(?=安排|要求|完成|督促|组织|建议|责令)", lambda m, r: "经"),
    "document brackets": _sub(r"〔(\d{4})〕", lambda m, r: f"[{m[1]}]"),
}  # fmt: skip
