"""Urgency by rule, explained: how many are hurt, what danger goes on, who is concerned, what power is abused.

Levels as in the annotation guide: 3 red, 2 orange, 1 yellow, 0 blue. Every reason is a Chinese sentence that quotes the
words it rests on. What is past, abroad, invented, drilled or routine does not shout. The features feed the learned head.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from huiyin.document import Casualties
from huiyin.rules import load as load_rules
from nlp.moment import moment
from nlp.reading import alarms, cues
from nlp.reading.model import Mention
from nlp.reading.points import MUTED_POINTS, POINTS, SIGN_POINTS
from nlp.stages import casualties

READ = 1_500
"""Characters in which signs are looked for."""
ORANGE = 1.5
"""Points from which a matter is orange."""

_FEATURE = {group: f"cue_{group}" for group in POINTS}
_ROOTS = tuple(math.sqrt(count) for count in range(10))
_LOCAL_OUTBREAK = re.compile(
    r"(?:出现|发现|报告|有|现|确诊)[^，。]{0,12}(?:确诊|阳性|感染|疫情|肺炎患者|病例)(?![^，。]{0,6}补[助贴])[^，。?？]{0,8}[？?](?![?？ ])|封城[^。]{0,8}[？?]|(?:阳性|确诊)[^，。]{0,6}[？?]$|首次报告|首例|阳性[^，。]{0,4}(?:出逃|逃)"
)
_LIVE = re.compile(r"现场|目前|正在|刚刚|突发|现在|今天|昨晚|昨日|今晨|此刻|救援|急需|紧急|求助|快来|救命")
_LIVE_STRONG = re.compile(r"正在|刚刚|突发|昨晚|昨日|昨天|今晨|此刻|救命|求救")
_SUPPOSED = re.compile(
    r"(?:一旦|如果|万一|若|要是|假如|防止|预防|避免|引发|容易|担心|怕|可能|将会|一来|道德|跳楼式|系数|[自避]救|指南)[^。！？]{0,24}$"
)
_HERO = re.compile(r"殉职|牺牲|悼念|缅怀|送别|致敬")
_PRIVATE = re.compile(
    r"突发(?:心脏|疾|脑|性)|心脏病|猝死|自杀|上吊|自尽|家庭琐事|离婚|情感|遗体告别|丈夫|妻子|隆胸|美容"
)
_DEBUNKED = re.compile(
    r"(?:这些|都|全|均|皆|纯)[^，。？?]{0,4}(?:谣言|不实)|是谣言(?![？?])|(?<![求请])辟谣[：:，！!】]|别再(?:信|传|被骗)|莫轻信|不科学|误区"
)
_DEBUNKING = ("谣", "不实", "别再", "莫轻信", "不科学", "误区")
_DAILY_MEAL = re.compile(
    r"(?:学校|师生|中学|小学|幼儿园|食堂|员工)[^。]{0,60}(?:中毒|黄水|腹泻|呕吐|饮水|拉肚子)|(?:集体|群体)[^。]{0,6}(?:中毒|腹泻|呕吐)"
)
_ASK = re.compile(r"[？?]")
_GAP = r"[ .*·•|/\\_~^+●★-]"
_SPREAD = re.compile(rf"{_GAP}[一-鿿](?={_GAP})")
"""A gap, a sign, a gap: the mark of words written with something between all signs, which cue words would not find."""
_RUN = re.compile(rf"[一-鿿](?:{_GAP}[一-鿿]){{2,}}")
_YEARS_AGO = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})年")
_COMPLAINT = (
    "request",
    "official",
    "power",
    "unpaid",
    "hazard",
    "pollution",
    "severe_hazard",
    "poison",
    "water",
    "abuse",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`level` 0 to 3; `reasons` in Chinese, most weighty first; `features` by name, for the learned head."""

    level: int
    reasons: tuple[str, ...]
    features: dict[str, float] = field(default_factory=dict)


def judge(
    text: str,
    title: str = "",
    words: Collection[str] = frozenset(),
    published: datetime | str | None = None,
    told: Sequence[Mention] | None = None,
) -> Judgement:
    """Judge one text. `words`: its segmented words where known, against cues that straddle two words; `published`: its time,
    against which a year in the text is past; `told`: what `casualties.explain` said of the whole text, where it was asked."""
    full = text if not title or text.startswith(title) else f"{title}\n{text}"
    spread = _RUN.search(full) if _SPREAD.search(full) is not None else None
    if spread is not None:
        full = _RUN.sub(lambda run: run[0][::2], full)
    lexicon = cues.load()
    found = lexicon.find(full)
    if words and found:
        found = _in_words(found, words)
    told = casualties.explain(full) if told is None else told
    if not found and not told:
        return Judgement(0, (), {})
    features: dict[str, float] = {}
    points = 0.0
    for group, hits in found.items():
        features[_FEATURE[group]] = min(3.0, float(len(hits)))
        points += _weight(group, len(hits))
    hurt = casualties.counted(told, abroad=False)
    if hurt is not None:
        for name in ("deaths", "injured", "missing"):
            features[name] = math.log1p(getattr(hurt, name) or 0)
    muted = _muted(full, found, moment(published))
    signals = _signals(full, found, hurt, told)
    for key, level, _ in signals:
        features[f"sign_{key}"] = 1.0
        points += SIGN_POINTS.get(key, 0.0) if level > 1 else 0.0
    if muted:
        points += MUTED_POINTS
    features["points"] = points
    features["muted"] = float(bool(muted))
    judged = _decide(full, found, lexicon.groups, points, muted, signals, features)
    if spread is None or not judged.level:
        return judged
    return replace(judged, reasons=(*judged.reasons, f"字间有隔断，已连起来读：“{spread[0][:24]}”"))


def _weight(group: str, count: int) -> float:
    return POINTS.get(group, 0.0) * _ROOTS[min(count, 9)]


def _in_words(found: dict[str, list[str]], words: Collection[str]) -> dict[str, list[str]]:
    """Drop two-sign cues that lie across two words (集中|毒性 holds no 中毒)."""
    within = ""
    kept: dict[str, list[str]] = {}
    for group, hits in found.items():
        good = []
        for cue in hits:
            if len(cue) <= 2 and cue not in words:
                # A blank parts the words: a cue found in the line lies within one of them.
                within = within or " ".join(words)
                if cue not in within:
                    continue
            good.append(cue)
        if good:
            kept[group] = good
    return kept


def _signals(
    full: str, found: dict[str, list[str]], hurt: Casualties | None, told: Sequence[Mention]
) -> list[tuple[str, int, str]]:
    """Plain signs of urgency as (key, level, reason)."""
    out: list[tuple[str, int, str]] = []
    if hurt is not None and (hurt.deaths or hurt.injured or hurt.missing):
        out += _from_counts(full, found, hurt, told)
    if ("food" in found or "water" in found or "acute" in found) and (match := _DAILY_MEAL.search(full)):
        out.append(
            (
                "canteen",
                3 if "中毒" in match[0] or "黄水" in match[0] else 2,
                f"集体用餐或饮水安全：“{match[0][-24:]}”",
            )
        )
    if "epidemic" in found and (match := _LOCAL_OUTBREAK.search(full)):
        out.append(("outbreak", 2, f"本地疫情传闻或首例：“{match[0][:24]}”"))
    if "acute" in found and "calm" not in found and "fiction" not in found and (match := _live(full, found)):
        out.append(("live", 2, f"险情正在发生：“{'、'.join(found['acute'][:3])}”“{match[0]}”"))
    if "abuse" in found and "incident" in found and "mass" in found:
        out.append(
            (
                "unrest",
                2,
                f"多人因“{'、'.join(found['abuse'][:2])}”聚集或维权：“{'、'.join(found['incident'][:2])}”",
            )
        )
    if len(found.get("fiction", ())) < 2:
        out += alarms.find(full[:READ], found)
    return out


def _live(full: str, found: dict[str, list[str]]) -> re.Match[str] | None:
    """The word that puts a danger into the present. A complaint says 现在 and 现场 of everything: there only strong words count."""
    told = [cue for cue in found["acute"] if not _SUPPOSED.search(full[: full.find(cue)][-30:])]
    if not told:
        return None
    return (_LIVE_STRONG if "request" in found else _LIVE).search(full)


def _from_counts(
    full: str, found: dict[str, list[str]], hurt: Casualties, told: Sequence[Mention]
) -> list[tuple[str, int, str]]:
    quoted = "、".join(mention.words for mention in told if mention.status == "counted")[:40]
    grade = event_grade(full, hurt.deaths)
    if "epidemic" in found and "例" in quoted:  # a bulletin of cases is no event of today
        return []
    deaths, injured, missing = hurt.deaths or 0, hurt.injured or 0, hurt.missing or 0
    if deaths >= 3 or injured >= 10 or missing >= 3:
        level = 3
    elif deaths:
        # One person's death that no danger, power or crowd stands behind is grave, but no emergency of the city.
        alone = deaths == 1 and found.keys().isdisjoint(
            {"acute", "abuse", "power", "mass", "incident", "request"}
        )
        level = 2 if alone or not found.keys().isdisjoint({"closed", "epidemic", "past"}) else 3
        if deaths == 1 and (_HERO.search(full) or (alone and _PRIVATE.search(full))):
            level = 1
    else:
        level = 2
    counted = "、".join(
        f"{name}{count}人"
        for name, count in (("死亡", deaths), ("受伤", injured), ("失联", missing))
        if count
    )
    return [("casualties", level, f"称{counted}（{grade}）：“{quoted}”")]


def event_grade(
    text: str, deaths: int | None, severely_injured: int | None = None, loss_yuan: float | None = None
) -> str:
    """Grade by the table of the event's class (huiyin/rules/event_grade.toml), with 事故; 待定 where the class has no table or
    no figure is known."""
    rules = load_rules("event_grade")
    kind = _class_of(text)
    table = rules["classes"].get(rules["classes"][kind].get("same_grades_as", kind), {}) if kind else {}
    given = {"deaths": deaths, "severely_injured": severely_injured, "loss_yuan": loss_yuan}
    if not table.get("grades") or not any(given.values()):
        return f"事件等级{rules['states']['pending']}"
    for row in table["grades"]:
        if any((value or 0) >= row[name] for name, value in given.items() if value is not None):
            return f"{row['name']}事故"
    return f"事件等级{rules['states']['pending']}"


def _class_of(text: str) -> str:
    """The class whose words stand in the text most often; empty where none does."""
    classes = load_rules("event_grade")["classes"]
    counts = {key: sum(text.count(word) for word in row["words"]) for key, row in classes.items()}
    best = max(counts, key=lambda key: counts[key])
    return best if counts[best] else ""


def _muted(full: str, found: dict[str, list[str]], published: datetime | None) -> str:
    """Why the text does not shout, or empty."""
    if len(found.get("fiction", ())) >= 2:
        return f"虚构或娱乐内容：“{'、'.join(found['fiction'][:2])}”"
    if "abroad" in found and "request" not in found and any(word in full[:60] for word in found["abroad"]):
        return f"境外事件：“{found['abroad'][0]}”"
    if "新闻联播" in full[:120]:
        return "例行播报：“新闻联播”"
    # Plain words first: a pattern over every text would cost as much as all other rules.
    if (
        "request" not in found
        and any(word in full for word in _DEBUNKING)
        and (match := _DEBUNKED.search(full))
    ):
        return f"内容是辟谣：“{match[0]}”"
    if "演练" in full or "演习" in full:
        return "演练：“演练”" if "演练" in full else "演练：“演习”"
    if published is not None and "request" not in found:
        years = [int(year) for year in _YEARS_AGO.findall(full)]
        if years and max(years) < published.year - 1:
            return f"一年以前的事：“{max(years)}年”"
    return ""


_HINTS = frozenset(
    ("missing", "violence", "measure", "toxin", "fraud", "food", "panic", "abuse", "incident", "unpaid", "poison", "severe_hazard", "death", "acute", "epidemic", "water", "rumour")
)  # fmt: skip
_QUIET = frozenset(("fiction", "market", "calm", "closed", "abroad", "past"))


def _hint(found: dict[str, list[str]]) -> bool:
    """Whether a grave word stands in the text, and none that says it is a story, a bulletin or over."""
    quiet = _QUIET - {"calm"} if "rumour" in found else _QUIET
    return not _HINTS.isdisjoint(found) and quiet.isdisjoint(found)


def _decide(
    full: str,
    found: dict[str, list[str]],
    names: dict[str, str],
    points: float,
    muted: str,
    signals: list[tuple[str, int, str]],
    features: dict[str, float],
) -> Judgement:
    complaint = [group for group in _COMPLAINT if group in found]
    level = (
        1
        if complaint
        and points > -0.6
        and not ("fiction" in found or ("market" in found and "request" not in found))
        else 0
    )
    if "acute" in found and not ({"calm", "fiction", "abroad", "closed"} & found.keys()):
        level = max(level, 1)
    if not level and _hint(found):
        level = 1
    if points >= ORANGE:
        level = 2
    for sign in signals:
        level = max(level, sign[1])
    if muted:
        level = min(level, 1 if "request" in found or "official" in found else 0)
    if not level and not muted:
        return Judgement(0, (), features)
    reasons = [reason for _, _, reason in sorted(signals, key=lambda sign: -sign[1])]
    weighty = sorted(found, key=lambda group: -_weight(group, len(found[group])))
    reasons += [
        f"{names[group]}：“{'、'.join(found[group][:4])}”"
        for group in weighty
        if POINTS.get(group, 0.0) >= 0.15
    ][:4]
    if not reasons and "request" in found:
        reasons.append(f"具体诉求：“{'、'.join(found['request'][:3])}”")
    if muted:
        reasons.insert(0, muted)
    return Judgement(level, tuple(reasons), features)
