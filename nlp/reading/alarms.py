"""Plain signs that a text tells of danger, abuse or alarm, each with the words it rests on.

A sign is a pattern that is only tried where one of its cue groups was met (nlp/lexicons/urgency_cues.tsv), so that most
texts pay for none. What is solved, invented or debunked in the same breath does not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_POWER = r"(?:城管|警察|民警|交警|特警|武警|派出所|公安局?|法院|法官|官员|干部|村长|村主任|支书|书记|镇长|县长|市长|局长|所长|拆迁|强拆|执法|保安|计生|街道办|公务员|校长|老师|班主任)"
_HIT = (
    r"(?:暴打|殴打|毒打|打死|打伤|打成|打骂|被打|打人|打老百姓|挨打|拖行|扒光|扒下|扒掉|扒开|裤子被|耳光|推倒|踹倒|掐住|轮奸|强奸|猥亵|"
    r"掠去|抢劫|碾死|碾断|摔死|扔下楼|砍人|砍伤|捅伤|打断|非法拘禁|黑监狱|栽赃)"
)
_CROWD = r"(?:[0-9一二两三四五六七八九十几数上多]+[十百千万]*[余多]?(?:户|家|名|位|人|个家庭)|业主们|全体业主|我们业主|广大业主|众业主|商户|投资人|出借人|农民工|民工|工人们|教师们|老师们|老百姓)"
_LOSS = r"(?:拖欠|欠薪|血汗钱|未发|卷款|跑路|诈骗|骗取|被骗|兑付|烂尾|停工|爆雷|血本无归|挤兑|拒不退款|逾期交房|延期交房|网签)"
_CHILD = r"(?:孩子|小孩|孩|女孩|男孩|女儿|儿子|学生|幼儿|男童|女童|女婴|宝宝|少女)"
_LOST = r"(?:被[^，。]{0,10}(?:拐|抱走|偷走|抢走|带走)|走丢|走失|失踪|不见了|消失几天|抱走|偷走)"
_PLACE = r"(?:市|县|区|镇|乡|村|省|小区|超市|酒店|医院|银行|学校|学院|小学|中学|幼儿园|公司|集团|市场|商场|机场|火车|高铁|车站|企业|码头|餐厅|药店|工厂|口岸)"
_CASE = r"(?:确诊|阳性|感染|携带者|检出|查出|检测出|无症状|发热|病例|疑似|疫情)"
_SHUT = r"(?:封城|封村|封省|封县|封路|封闭|封控|战时|断粮|停课|停运|管控|戒严|静默|接管|返乡|返回|隔离)"
_FOOD = (
    r"(?:鱼|虾|蟹|肉|奶|瓜|菜|果|饮料|可乐|粒橙|酒|油|米|面|糖|蛋|茶|药|零食|食堂|餐|菌|疫苗|玩具|饼干|曲奇)"
)
_TOXIN = (
    r"(?:致癌|有毒|毒性|剧毒|土霉素|氯霉素|抗生素|抗菌素|多菌灵|甜蜜素|胭脂红|明胶|注胶|肉毒|杆菌|弧菌|炭疽|激素|禁用农药|催化剂|三聚氰胺|塑化剂|瘦肉精|苏丹红|"
    r"摇头丸|病死|死猪|瘟猪|超标|过期|发霉|拉肚子|腹泻|呕吐|抢救无效|白血病|含氯)"
)
_STRUCTURE = r"(?:河堤|堤坝|大坝|大堤|水库|护坡|山体|挡土墙|房屋|房子|楼板|墙体|墙面|大楼|大桥|桥面|危桥|路基|路面|地基|围墙|外墙|屋顶|楼房|校舍)"
_FAIL = r"(?:垮塌|坍塌|倒塌|塌陷|开裂|裂缝|裂开|下沉|沉降|下陷|倾斜|脱落|松动|掉落|虚了|塌了|冲垮|决口)"
_OFFICE = r"(?:书记|市长|县长|镇长|区长|局长|厅长|处长|主任|会长|院长|法官|支书|村长|村干部|村委|校长|官员|干部|红十字会|红会|所长|政府|部门|领导|公安局?|法院)"
_GRAFT = r"(?:贪污|受贿|行贿|挪用|侵吞|私分|套取|骗取|敛财|贪腐|腐败|情妇|包养|嫖|奸淫|打击报复|霸占|强占|保护伞|官商勾结|黑社会|黑恶|双规|下落不明|丑闻|弄虚作假|暗箱操作|潜规则)"


def _near(one: str, other: str, reach: int) -> str:
    """Either order, at most `reach` signs apart, within a sentence."""
    gap = rf"[^。！？\n]{{0,{reach}}}?"
    return f"{one}{gap}{other}|{other}{gap}{one}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sign. `gates`: cue groups of which one must be met; `unless`: what in the whole text takes the sign away."""

    key: str
    reason: str
    level: int
    gates: frozenset[str]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None


_SETTLED = r"抓获|获救|解救|救下|落网|刑拘|刑事拘留|被判|判处|获刑|一审|死刑|通缉|停职|免职|立案"
_DEBUNKED = r"谣言|辟谣|造谣|传谣|不实|误区|不科学|专家表示|实验证明|马航|航班"

ALARMS: tuple[Alarm, ...] = (
    Alarm(
        "missing", "有人走失或被拐，正在寻找", 2, frozenset(("missing",)),
        re.compile(
            rf"{_CHILD}[^。！]{{0,40}}{_LOST}|被人?拐走|被拐[！!。，]|人贩子|人口贩子|[偷抢](?:小孩|孩子)|[柺拐]子佬|谁的群[最]?多|速回[^。]{{0,14}}医院|最后一面|寻人启事|(?:急|帮)[^。]{{0,4}}找孩子"
        ),
        re.compile(_SETTLED + "|" + _DEBUNKED),
    ),
    Alarm(
        "power_violence", "公权力或单位人员被指打人、伤人", 2, frozenset(("violence",)),
        re.compile(_near(_POWER, _HIT, 30)), re.compile(_SETTLED),
    ),
    Alarm(
        "graft", "干部或机构被指贪腐、滥权", 2, frozenset(("abuse",)),
        re.compile(_near(_OFFICE, _GRAFT, 24)), re.compile(_SETTLED + "|落马|查处|会议|召开|通报"),
    ),
    Alarm(
        "toxin", "食品药品被指有害", 2, frozenset(("toxin",)),
        re.compile(_near(_FOOD, _TOXIN, 40)), re.compile(_DEBUNKED),
    ),
    Alarm(
        "outbreak_rumour", "本地疫情传闻", 2, frozenset(("epidemic", "measure")),
        re.compile(rf"^[^。！\n]{{0,30}}(?:{_PLACE}|有人|出现|存在)[^。！\n]{{0,24}}{_CASE}[^。！\n]{{0,16}}[？?]$|^[^。！\n]{{0,24}}{_SHUT}[^。！\n]{{0,10}}[？?]$"),
        re.compile(_DEBUNKED),
    ),
    Alarm(
        "lockdown", "封控、停摆一类的传言", 2, frozenset(("measure",)),
        re.compile(
            r"(?:将|好像|正式|传|消息|通知|听说|据说|今晚|明天|明早|昨天|即将|要|刚刚|已经?)[^。？！\n]{0,16}(?:封城|封村|封省|封县|战时|断粮|戒严|静默|接管|全封闭)|(?:封城|封省|戒严|静默)了|消杀[^。]{0,30}(?:肺|门窗|开窗|自来水|不要)|(?:不要开窗|储水)[^。]{0,40}消杀"
        ),
        re.compile(_DEBUNKED + "|发布会上|通告|新闻联播"),
    ),
    Alarm(
        "crowd_loss", "许多人受骗、欠薪或房子烂尾", 2, frozenset(("unpaid", "fraud")),
        re.compile(_near(_CROWD, _LOSS, 50)), re.compile(_SETTLED),
    ),
    Alarm(
        "structure", "房屋、堤坝、道路有垮塌迹象", 2, frozenset(("failing",)),
        re.compile(_near(_STRUCTURE, _FAIL, 18)), re.compile(r"装修|瓷砖|地板|精装|现房|开盘"),
    ),
    Alarm(
        "exit", "消防通道被堵或电梯反复出事", 2, frozenset(("exit",)),
        re.compile(
            r"(?:消防|生命|安全|逃生)(?:通道|出口)[^。！]{0,24}(?:堵|占|封|锁|停满|堆)|(?:堵|占|封|锁)[^。！]{0,12}消防通道|电梯[^。！]{0,40}(?:困人|被困|掉层|下坠|急坠|坠落|失灵|猛的?下沉)|消防栓[^。！]{0,12}(?:无水|没水|缺水)"
        ),
    ),
    Alarm(
        "crowd_anger", "罢工、围堵、冲突正在发生", 2, frozenset(("incident",)),
        re.compile(
            r"(?:[百千万数大多][^，。]{0,10}|业主|工人|司机|村民|家长|学生|员工|出租车)[^。！]{0,20}(?:罢工|罢课|罢运|游行|示威|围堵|堵路|堵门|静坐|打砸|暴力冲突|拉横幅)|(?:罢工|围堵|堵路)[^。！]{0,20}(?:连续|第[0-9一二三四五]+[天日]|抗议|警)"
        ),
        re.compile("电影|小说|历史上|年前"),
    ),
    Alarm(
        "wound", "有人被砍、被捅、跳楼一类的伤害", 2, frozenset(("violence",)),
        re.compile(r"阉割|(?:捅|刺|砍|剁)[^，。]{0,8}(?:刀|死|伤|手)|被[^，。]{0,8}捅|砍杀|灭门|自焚|跳楼|跳河|上吊|强奸|轮奸|迷药|割肾|夺走了?肾|持枪|持刀"),
        re.compile(_SETTLED + r"|电影|小说|[0-9]{4}年[^。]{0,20}(?:曾|当年)"),
    ),
)  # fmt: skip


def find(text: str, groups: Mapping[str, Sequence[str]]) -> list[tuple[str, int, str]]:
    """(key, level, reason in Chinese that quotes the text) of each sign, for the cue groups that the text was found to hold."""
    met = groups.keys()
    found = []
    for alarm in ALARMS:
        if alarm.gates.isdisjoint(met):
            continue
        match = alarm.pattern.search(text)
        if match is None or (alarm.unless is not None and alarm.unless.search(text)):
            continue
        found.append((alarm.key, alarm.level, f"{alarm.reason}：“{match[0].strip()[:28]}”"))
    return found
