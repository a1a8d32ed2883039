"""Mentions of dead, injured and missing people: counts and casualty words of a clause, joined by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nlp.reading import setting
from nlp.reading.numbers import NUMBER, plain, value
from nlp.stages import places

_TRANSITIVE = "打砍杀撞刺捅炸毒轧碾压勒掐射枪毙刺枪击"
_DEATH = (
    r"(?:当场|不幸|先后|已经|均|全部|因公|确认)*(?:死亡|遇难|遇害|身亡|丧生|丧命|罹难|殉职|毙命|溺亡|溺毙|猝死|惨死|惨亡|窒息|身故|葬身\w{1,2}|牺牲|离世|去世|病亡|病死|死去|死于|"
    r"不治|救无效|被害|杀害|暴毙|离开人世|失去(?:了)?(?:宝贵的)?生命|[烧淹冻摔砸溺呛闷饿病累吓憋坠跌挤踩烫刺咬吊]死|["
    + _TRANSITIVE
    + r"]死|致死|死者|遗体|尸体|亡者|(?<!救)死(?!亡|机|角|刑|路|活|心|板|守|穴|敌|对头|胡同|缓|因|伤|讯|循环|党|猪|鱼|鸡|鸭|羊|牛|后))"
)
_INJURED = (
    r"(?:不同程度)?(?:(?:身|遭|身受|受|负)?(?:重伤|轻微伤|轻伤|微伤)|受伤|负伤|挂彩|伤势|伤情|烧伤|烫伤|灼伤|擦伤|骨折|["
    + _TRANSITIVE
    + r"咬摔砸抓踩]伤|致伤|伤者|伤员|伤病员|致残|(?<!扶)伤(?!害|心|感|亡|口|痛|风|疤|寒|残|势|情|者|员|不起|及|人))"
)
_MISSING = r"(?:失踪|失联|下落不明|失去(?:了)?联系|去向不明|生死不明|生死未卜)"
_COMBINED = r"(?:死伤|伤亡)"
_SEVERITY = {"重伤": "severe", "轻伤": "light", "轻微伤": "light", "微伤": "light"}

_QUALIFIER = r"(?:至少|不少于|不下|超过|逾|多达|高达|达到?|近|约|大约|将近|接近|差不多|疑似|共计|总共|共|最少)?(?:有|约)?"
_UNIT = (
    r"(?:名|人(?![民均次行格们家类大数质参])|位|个(?![月小])|口(?!罐|井|锅)|条(?:人命|生命|性命)|具|例|者)"
)
_COUNT = re.compile(
    rf"(?P<q>{_QUALIFIER})(?<![第0-9.])(?P<n>{NUMBER})(?P<m>[余多几来]?)(?P<u>{_UNIT})|"
    rf"(?P<cn>[0-9]{{1,5}}|[一二两三四五六七八九十百廿卅]{{1,4}})(?P<ck>重伤|轻伤|轻微伤|死|亡|伤(?!亡|害|势|情|者)|失踪|失联)(?!亡|者|刑|一生|机|心)|"
    rf"(?P<fam>一家(?P<fn>[二两三四五六七八九十0-9]+)口)|"
    r"(?P<pair>母女|父子|夫妻|夫妇|母子|父女|兄弟|姐妹|姐弟|兄妹|婆媳|祖孙|爷孙|情侣)(?:俩|两人|二人|2人|双双)?|"
    rf"(?P<sexes>(?P<s1>[0-9]+|[一二两三四五六七八九十]+)(?:男|女)(?P<s2>[0-9]+|[一二两三四五六七八九十]+)(?:女|男))"
)
_KIND = re.compile(
    rf"(?P<combined>{_COMBINED})|(?P<deaths>{_DEATH})|(?P<injured>{_INJURED})|(?P<missing>{_MISSING})",
)
_NONE = re.compile(
    r"(?:无|未(?:造成|导致|发生|发现|接到|收到|接报|出现|有)?(?:关于\w{0,6})?|没有(?:造成|导致|发生|发现|出现|接到|收到|接报)?(?:关于\w{0,6})?|没(?:造成|有)?|并?未(?:造成|有)|不存在|零)(?:[^，。、死伤亡]{1,8}[和及或])?(?:任何|新增|其他|其它|大的|重大|一|任何的)?"
    r"(?P<who>人员|人|群众|乘客|师生|学生|居民|村民|旅客|一人|司乘人员|工作人员)?(?:在[^，。]{1,8}中)?的?(?P<k>伤亡|死伤|死亡|受伤|遇难|失踪|失联|重伤|被困)(?!者?家属|的?原因)"
)
_UNKNOWN = re.compile(
    r"伤亡(?:情况|人数|数字|原因)?[^，。]{0,6}(?:不明|不详|不清|未知|待查|核实|核查|统计|了解)|是否[^，。]{0,6}(?:伤亡|死亡|受伤)|有无[^，。]{0,4}(?:伤亡|死亡)"
)
_SENTENCE = re.compile(r"[^。！？!?\n；;】]+[。！？!?\n；;】]?")
_BARE = re.compile(
    r"(?:目前|至今|均|都|全部|仍|已经?|先后|不幸|双双|现|当场|最终)*(?:死亡|遇难|身亡|下落不明|失联|失踪|受伤|不治|抢救无效)(?:死亡|身亡)?"
)
_BRACKETS = re.compile(r"[（(][^（()）。\n]{1,20}[)）]")
_CLAUSE = re.compile(r"(?:(?<=[0-9]),(?=[0-9]{3})|[：:](?=[0-9])|[^，,。！？!?；;\n（）()：【】\[\]…“”\"])+")
_BREAKS = re.compile(
    r"救出|营救|搜救|救援|搜寻|寻找|目击|赶到|赶赴|转移|疏散|撤离|脱险|逃生|获救|生还|抓获|逮捕|刑拘|拘留|调查|起诉|判|慰问|看望|安置|捐|哀悼|悼念|祭奠|送别|警力|出动|组成|"
    r"谈了?|讲述|讨论|面对|围观|见证|处理|问责|处分|免职|控制|住院|陪护|家属|亲属|负责|主持|参加|前往|救治(?!无效)|抢救(?!无效)|照顾|护理"
)
_LINK = re.compile(
    r"^(?:的|了|者|[由从][^，]{1,5}[人名]|人数|人员|总数|数字|群众|学生|职工|工人|矿工|失踪|失联|事故|情况|病例|员工|乘客|旅客|人|数|共|共计|总计|已|已经|已有|有|达|达到|已达|为|至|到|升至|增至|增加到|增加至|上升到|上升至|上升为|攀升至|更新为|核定为|变为|"
    r"约|目前|现在|仍|是|还|又|中|确认|累计|累计已|至少|仅|只|就|各|新增|增加|：|:|【|，?其中|在内的?|\s)*$"
)
_TOTAL = re.compile(
    r"累计|升至|增至|增加到|增加至|上升到|上升至|上升为|攀升|更新为|核定为|总计|共计|共造成|总共|人数已?达?|总数"
)
_MORE = re.compile(r"又有|再有|又一|再增|新增|又发现|再次发现|又新增|又死|又添")
_PART = re.compile(r"其中|里面|当中|包括|包含|者中|人中|员中|在内")
_LATER_DEATH = re.compile(r"无效|不治|途中|送医|送往")
_MANNER = re.compile(r"当场|途中|送|无效|不治|另|还有|又|后来|、|分别|先后")
_SOLE = re.compile(
    r"[某×xX*]|男子|女子|司机|驾驶[员人]|车主|老人|男孩|女孩|男童|女童|男生|女生|孩子|婴儿|幼儿|儿子|女儿|父亲|母亲|爸爸|妈妈|丈夫|妻子|老公|老婆|哥哥|弟弟|姐姐|妹妹|爷爷|奶奶|青年|少年|少女|男性|女性|工人|民警|警察|"
    r"消防员|村民|乘客|行人|医生|护士|教师|老师|学生|博士后|死者|房东|大爷|大妈|产妇|孕妇|患者|病人|业主|租客|商贩|押钞员|他|她|当事人|伤者|一人|一[名位个]|小伙|姑娘|妇女|农妇|女工|男主人|女主人|业务员|飞行员|战士|队员|骑手|小贩|瓜农|农民|小贩|路人|该"
)
_PLURAL = re.compile(r"们|多人|众|全部|所有|均|都|各|部分|数|等人|等[0-9]|双方|两车|人员")
_SURE_DEATH = re.compile(
    r"身亡|当场死亡|遇难|遇害|溺亡|殉职|丧生|不治|救无效|惨死|猝死|死亡|毙命|罹难|被害|牺牲|["
    + _TRANSITIVE
    + r"淹烧摔砸冻]死"
)
_SURE_INJURED = re.compile(r"受重伤|重伤|受伤|打伤|砍伤|撞伤|刺伤|咬伤|烧伤|坠伤|摔伤|负伤|受轻伤")
_NEGATED = re.compile(r"(?:没有|未有|无|并未|未造成|没有造成|否认|排除)[^，。]{0,3}$")
_ABOVE = re.compile(r"[人名]以[上下]")
_DATELINE = re.compile(r"新华[社网][^，。]{0,14}(?:电|讯|消息)|^[^，。]{0,8}(?:日电|讯)")
_NATURAL = re.compile(r"去世|离世|死去|逝世|病死|病亡|老死")
_ACCIDENT = re.compile(r"事故|抢救|车祸|火灾|爆炸|地震|坍塌|撞|伤|淹|溺|坠|疫|感染|中毒|救援|灾")
_FOUND = re.compile(r"(?:找到|寻获|找回|平安|安全(?:返回|回家)|已(?:取得|恢复)联系|获救)")
_UNCOUNTED_NOT = re.compile(
    r"死亡(?:证|率|威胁|人数|原因|时间|之|赛|游戏|案|赔偿|抚恤|名单|鉴定|数|病例|风险|危险)|遇难者|遇难同胞|受伤(?:人员|的心|者|害)|重伤害|不治之症|死者|救死扶伤"
)


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
class _Number:
    start: int
    end: int
    value: int | None
    qualifier: str
    kind: str = ""
    severity: str = ""


def mentions(text: str) -> list[Mention]:
    """All mentions in order. Counts are joined to casualty words clause by clause, settings are judged by sentence."""
    text = _BRACKETS.sub(_blank, plain(text))
    found: list[Mention] = []
    sentences = [(m.start(), m[0]) for m in _SENTENCE.finditer(text)]
    frame = _frame(text, sentences)
    for number, (offset, sentence) in enumerate(sentences):
        if not _KIND.search(sentence):
            continue
        here = _in_sentence(sentence, offset, number)
        if here:
            before = sentences[number - 1][1] if number else ""
            found += [
                _placed(mention, sentence, offset, before, frame)
                for mention in here
                if not _natural(mention, text)
            ]
    return _with_single_victims(found, sentences, text, frame)


def _natural(mention: Mention, text: str) -> bool:
    """One person's death of age or illness, told without any accident, is no casualty."""
    return mention.value == 1 and _NATURAL.search(mention.words) is not None and not _ACCIDENT.search(text)


def _blank(match: re.Match[str]) -> str:
    """A short aside without casualties (5女6男) as blanks of the same length, so that it does not cut its clause."""
    return match[0] if _KIND.search(match[0]) else "\u3000" * len(match[0])


def _in_sentence(sentence: str, offset: int, number: int) -> list[Mention]:
    out: list[Mention] = []
    unknown = [m.span() for m in _UNKNOWN.finditer(sentence)]
    taken: list[tuple[int, int]] = list(unknown)
    for none in _NONE.finditer(sentence):
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
    for clause in _CLAUSE.finditer(sentence):
        if _PART.search(clause[0]):
            part = True
        elif re.match(r"(?:另|此外|还有|同时)", clause[0]):
            part = False
        start = clause.start()
        if previous is not None and _BARE.fullmatch(clause[0]) and not local:
            start = previous.start()  # 祖孙三人被洪水冲走，下落不明
        local = _in_clause(sentence, start, clause.end(), taken)
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
    if _MORE.search(lead):
        return "more"
    if _TOTAL.search(lead):
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
        and _LATER_DEATH.search(mention.words)
    ):
        return "whole"
    if (part or bracketed) and same:
        return "part"
    if any(
        other.value == mention.value and other.severity == mention.severity for other in same
    ) and not _MANNER.search(lead + mention.words):
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
    numbers = _numbers(sentence, start, end)
    kinds = [m for m in _KIND.finditer(sentence, start, end) if not any(a <= m.start() < b for a, b in taken)]
    out: list[Mention] = []
    used: set[int] = set()
    tokens: list[_Number | re.Match[str]] = sorted([*numbers, *kinds], key=_place_of)
    waiting: list[_Number] = []
    last_kind: re.Match[str] | None = None
    for token in tokens:
        if isinstance(token, _Number):
            if token.kind:
                out.append(_mention(sentence, token.kind, [token], token.start, token.end, token.severity))
                waiting, last_kind = [], None
            elif last_kind is not None and _LINK.match(sentence[last_kind.end() : token.start]):
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


def _place_of(token: _Number | re.Match[str]) -> int:
    return token.start if isinstance(token, _Number) else token.start()


def _joined(sentence: str, kind: re.Match[str], group: list[_Number], start: int, end: int) -> Mention:
    name = kind.lastgroup or "deaths"
    severity = next((level for word, level in _SEVERITY.items() if word in kind[0]), "")
    return _mention(sentence, name, group, start, end, severity)


def _mention(sentence: str, kind: str, group: list[_Number], start: int, end: int, severity: str) -> Mention:
    values = [number.value for number in group if number.value is not None]
    total = sum(values) if values else None
    qualifier = next((number.qualifier for number in group if number.qualifier != "exact"), "exact")
    return Mention(kind, total, qualifier, (start, end), "counted", sentence[start:end], severity=severity)


def _governing(sentence: str, waiting: list[_Number], kind: re.Match[str]) -> list[_Number]:
    """The counts that a casualty word closes: the last one, and those before it in a list (2名儿童、6名成人受伤)."""
    if not waiting:
        return []
    last = waiting[-1]
    gap = sentence[last.end : kind.start()]
    if (
        len(gap) > 22
        or _BREAKS.search(gap)
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


def _active(sentence: str, number: _Number, kind: re.Match[str]) -> bool:
    """Whether the counted people did it: 3名歹徒砍死… against 3人被砍死."""
    word = kind[0]
    if len(word) != 2 or word[0] not in _TRANSITIVE + "咬" or word[1] not in "死伤":
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


def _numbers(sentence: str, start: int, end: int) -> list[_Number]:
    out: list[_Number] = []
    for match in _COUNT.finditer(sentence, start, end):
        if match["u"]:
            if match["u"] == "者" or _not_people(sentence, match):
                continue
            out.append(_Number(match.start(), match.end(), value(match["n"]), _qualifier(match)))
        elif match["ck"]:
            if (number := _compact(sentence, match)) is not None:
                out.append(number)
        elif match["fam"]:
            out.append(_Number(match.start(), match.end(), value(match["fn"]), "exact"))
        elif match["pair"]:
            follows = re.match(
                r"[^，。、0-9一二两三四五六七八九]{0,10}$|[^，。、]{0,6}(?:[双均都]|身亡|溺|遇|死)",
                sentence[match.end() : end],
            )
            if follows:
                out.append(_Number(match.start(), match.end(), 2, "exact"))
        elif match["sexes"]:
            out.append(
                _Number(
                    match.start(), match.end(), (value(match["s1"]) or 0) + (value(match["s2"]) or 0), "exact"
                )
            )
    return _without_sums(sentence, out)


def _without_sums(sentence: str, numbers: list[_Number]) -> list[_Number]:
    """Drop 六男四女 before 共十人, and 母女 before 二人: the second number says the same again."""
    out: list[_Number] = []
    for number in numbers:
        if (
            out
            and not number.kind
            and re.fullmatch(r"共|等|共计|一?共|等共|", sentence[out[-1].end : number.start])
        ):
            out.pop()
        out.append(number)
    return out


def _not_people(sentence: str, match: re.Match[str]) -> bool:
    after = sentence[match.end() : match.end() + 2]
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


def _compact(sentence: str, match: re.Match[str]) -> _Number | None:
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
    return _Number(match.start(), match.end(), value(match["cn"]), "exact", kind, _SEVERITY.get(word, ""))


def _qualifier(match: re.Match[str]) -> str:
    before, number, after = match["q"], match["n"], match["m"]
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


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the whole text says of its setting."""

    drill: bool
    fiction: bool
    denied: bool
    last_year: int
    abroad: bool


def _frame(text: str, sentences: list[tuple[int, str]]) -> _Frame:
    head = text[:80]
    years = [int(year) for year in setting.YEAR.findall(text)]
    return _Frame(
        drill=setting.DRILL.search(head) is not None and "不是演" not in text and "并非演" not in text,
        fiction=setting.FICTION.search(head) is not None,
        denied=setting.DENIAL.search(text) is not None,
        last_year=max(years, default=0),
        abroad=_is_abroad(text[:150]),
    )


def _placed(mention: Mention, sentence: str, offset: int, before: str, frame: _Frame) -> Mention:
    """The mention with its status. A stated zero is only put aside by a drill or fiction."""
    start = mention.span[0] - offset
    left = re.split(r"[，,；;：:]", sentence[:start])[-1]
    clause = left + sentence[start : mention.span[1] - offset + 6]
    status = mention.status
    if frame.drill or setting.DRILL.search(sentence):
        status = "drill"
    elif frame.fiction or setting.FICTION.search(sentence):
        status = "fiction"
    elif mention.kind == "missing" and mention.value == 1 and _FOUND.search(sentence[start:]):
        status = "negated"
    elif frame.abroad:
        status = "abroad"
    elif status == "none":
        return mention
    elif _ABOVE.search(sentence, start, mention.span[1] - offset) or _prevented(sentence, start, clause):
        status = "prevention-statistic"
    elif _NEGATED.search(left[-8:]) or (frame.denied and _denied(sentence, before, start)):
        status = "negated"
    elif _past(sentence, start, frame):
        status = "history"
    elif _abroad(sentence, before):
        status = "abroad"
    return replace(mention, status=status)


def _prevented(sentence: str, start: int, clause: str) -> bool:
    lead = sentence[max(0, start - 24) : start] + clause[-12:]
    return (
        setting.PREVENT.search(lead) is not None
        or setting.STATISTIC.search(sentence[: start + 12]) is not None
    )


def _denied(sentence: str, before: str, start: int) -> bool:
    if setting.FACT.search(sentence[:start]) and not setting.DENIAL.search(sentence[start:]):
        return False
    if setting.HEARSAY.search(sentence[:start]) or setting.DENIAL.search(sentence):
        return True
    return setting.HEARSAY.search(before) is not None and not setting.FACT.search(before + sentence[:start])


def _past(sentence: str, start: int, frame: _Frame) -> bool:
    lead = sentence[:start]
    if re.search(r"今天|昨天|昨日|今日|昨晚|今晨|目前|截至", lead[-30:]):
        return False
    if setting.HISTORY.search(lead):
        return True
    years = [int(m[1]) for m in setting.YEAR_ALONE.finditer(lead)]
    dated = [int(year) for year in setting.YEAR.findall(lead)]
    if dated and max(dated) < frame.last_year:
        return True
    return bool(years) and max(dated) == years[-1] and years[-1] <= 2023 and frame.last_year == years[-1]


def _abroad(sentence: str, before: str) -> bool:
    return any(_is_abroad(part) for part in (sentence, before))


def _is_abroad(part: str) -> bool:
    if not _names_foreign_country(part):
        return False
    return not places.find(_DATELINE.sub("", part)) and "我国" not in part and "国内" not in part


def _names_foreign_country(part: str) -> bool:
    """Whether the part speaks of a place abroad; 泰国游客 and 日本车 are no such place."""
    for match in setting.ABROAD.finditer(part):
        tail = part[match.end() : match.end() + 3]
        if not setting.NOT_THERE.search(part[: match.start()]) and not re.match(
            r"籍|人|游客|留学|车|产|进口|餐|料理|总统|媒体|公司|皇家|队", tail
        ):
            return True
    return False


def _inside(place: int, found: list[Mention]) -> bool:
    return any(mention.span[0] <= place < mention.span[1] for mention in found)


def _with_single_victims(
    found: list[Mention], sentences: list[tuple[int, str]], text: str, frame: _Frame
) -> list[Mention]:
    """Add the one person who died or was hurt without a number (致周某当场死亡), where no number of that kind is given."""
    for kind, sure in (("deaths", _SURE_DEATH), ("injured", _SURE_INJURED)):
        if any(mention.kind == kind and mention.status in ("counted", "abroad") for mention in found):
            continue
        for number, (offset, sentence) in enumerate(sentences):
            match = next((m for m in sure.finditer(sentence) if not _inside(offset + m.start(), found)), None)
            if match is None or _UNCOUNTED_NOT.match(sentence, match.start()):
                continue
            lead = re.split(r"[。；;]", sentence[: match.start()])[-1][-24:]
            near = re.split(r"[，,]", lead)
            scope = lead if kind == "deaths" else near[-1]
            struck = match[0][0] in _TRANSITIVE and _SOLE.search(sentence, match.end(), match.end() + 12)
            if not (_SOLE.search(scope) or struck) or _PLURAL.search(near[-1]):
                continue
            single = Mention(
                kind,
                1,
                "exact",
                (offset + match.start(), offset + match.end()),
                "counted",
                sentence[max(0, match.start() - 12) : match.end()],
                "whole",
                number,
            )
            before = sentences[number - 1][1] if number else ""
            found.append(_placed(single, sentence, offset, before, frame))
            break
    return sorted(found, key=lambda mention: mention.span)
