"""设置向导: the first steps of an office, each to be skipped; and six hints for looking around the sample city."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard import auth, sample
from dashboard.pages.alerts import WATCH, watched
from dashboard.services import close_reading, read, services, write
from huiyin.errors import UsageError
from huiyin.records import ROLES, Issue, Preference, Source, User, utcnow
from huiyin.records.audit import append
from huiyin.settings import Settings
from huiyin.topics import TOPICS
from response_kits.alerts.deliver import configured, deliver_one
from response_kits.alerts.messages import Message

bp = Blueprint("welcome", __name__)
bp.nav = [(95, "welcome.index", "设置向导", "")]  # type: ignore[attr-defined]

STEPS = "welcome"
PLACES = 40
KEEPERS = ("analyst", "admin")


@dataclass(frozen=True, slots=True)
class Step:
    """`done` looks at the installation itself: what was set elsewhere counts as done here."""

    key: str
    title: str
    why: str
    done: Callable[[Session, Settings], bool]


def _named(session: Session, settings: Settings) -> bool:
    fresh = Settings()
    return settings.organisation != fresh.organisation and settings.region != fresh.region


def _listens(session: Session, settings: Settings) -> bool:
    return (
        session.scalar(select(Source.name).where(Source.enabled, Source.sample.is_(False)).limit(1))
        is not None
    )


def _staffed(session: Session, settings: Settings) -> bool:
    return not missing_roles(session)


def _told(session: Session, settings: Settings) -> bool:
    return bool(channels(settings)[0])


def _watches(session: Session, settings: Settings) -> bool:
    return any(watched().values())


ORDER = (
    Step("office", "本单位", "文稿的落款、事件的属地判断都用它。", _named),
    Step("watch", "关注的领域和地区", "预警和事件可以只看这些；其余内容照常采集，不会丢。", _watches),
    Step("sources", "来源", "系统只采集已启用的来源，启用与否由人决定并留下姓名。", _listens),
    Step("people", "人员", "起草、审核、签发由不同的人完成，每种角色至少一人。", _staffed),
    Step("channels", "预警渠道", "不在屏幕前时，靠它知道红色、橙色事件。", _told),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Shown on the page `endpoint` while the sample city is loaded and the person has not dismissed it."""

    key: str
    endpoint: str
    title: str
    text: str


HINTS = (
    Hint("home", "home.index", "先看待办", "超时和快到时的事件排在最前。时限由国务院文件规定，点开事件可以看到每个时限的文号。"),
    Hint("issues", "issues.index", "再看事件", "同一件事的帖文、报道、留言归为一个事件，按级别排列。打开最上面一件，看系统凭哪些原话给出这个级别。"),
    Hint("issue", "issue.index", "分清传言和事实", "“已核实”来自有出处、经人核实的事实，“正在核查”还不能写进文稿。看群众问得最多的是哪几个问题。"),
    Hint("drafts", "drafts.index", "写回应", "文稿中的每个数字都连到一条事实；没有依据的句子会被标出，不能送审。试着送审一稿，看需要哪几步签发。"),
    Hint("rumours", "rumours.index", "核对谣言", "新帖文与已判定的传言相似时会列在这里，附相似度；是否相同由人确认。"),
    Hint("sources", "sources.index", "看看没听到什么", "来源失效、被拒绝、异常安静，都与“没有负面信息”分开显示。示例城市中有一个页面故意写错了编码。"),
)  # fmt: skip


def missing_roles(session: Session) -> list[str]:
    """Names of the roles that nobody has."""
    present = set(session.scalars(select(User.role).where(User.enabled).distinct()))
    return [name for role, name in ROLES.items() if role not in present]


def channels(settings: Settings) -> tuple[list[Any], str]:
    """(channels, what is wrong with the setting or "")."""
    try:
        return configured(settings), ""
    except UsageError as error:
        return [], str(error)


def _value(name: str) -> dict[str, Any]:
    row = read().get(Preference, name)
    return dict(row.value) if row else {}


def _own(user: str) -> str:
    """The name of a person's own preference; user names are as long as the column, so their hash stands in."""
    return f"hints:{hashlib.sha256(user.encode()).hexdigest()[:32]}"


def hints_left() -> list[Hint]:
    """The hints that the present person has not dismissed; none without the sample city."""
    if g.get("user") is None or not sample.loaded(read()):
        return []
    gone = _value(_own(g.user.name)).get("dismissed", [])
    return [hint for hint in HINTS if hint.key not in gone]


@bp.app_context_processor
def hint_of_page() -> dict[str, Any]:
    """`page_hint()`: the hint of the page that is shown, or None; asked for by templates/welcome/_hint.html only."""
    return {
        "page_hint": lambda: next((hint for hint in hints_left() if hint.endpoint == request.endpoint), None)
    }


@bp.get("/welcome")
@auth.allow()
def index() -> ResponseReturnValue:
    return _page()


def _page(tried: list[tuple[str, str]] | None = None) -> ResponseReturnValue:
    session, settings = read(), services().settings
    kept, problem = channels(settings)
    skipped = _value(STEPS)
    people = select(User.role, func.count()).where(User.enabled).group_by(User.role)
    counts = {role: int(count) for role, count in session.execute(people)}
    places = (
        select(Issue.place)
        .where(Issue.place != "")
        .group_by(Issue.place)
        .order_by(func.count().desc())
        .limit(PLACES)
    )
    return render_template(
        "welcome/index.html", steps=[(step, step.done(session, settings), skipped.get(step.key, "")) for step in ORDER],
        watch=watched(), places=list(session.scalars(places)), sources_on=session.scalar(select(func.count()).select_from(Source).where(Source.enabled, Source.sample.is_(False))),
        counts=counts, missing=missing_roles(session), channels=kept, problem=problem, tried=tried, hints=hints_left(),
        all_hints=sample.loaded(session), default_office=not _named(session, settings),
    )  # fmt: skip


@bp.post("/welcome/step")
@auth.allow("admin")
def step() -> ResponseReturnValue:
    """Skip a step, or take it up again."""
    key, act = request.form.get("step", ""), request.form.get("act", "")
    if key not in {one.key for one in ORDER} or act not in ("skip", "again"):
        raise UsageError("没有这个步骤。")
    with write() as session:
        row = session.get(Preference, STEPS) or Preference(name=STEPS, value={})
        value = {name: by for name, by in row.value.items() if name != key}
        row.value = {**value, key: g.user.name} if act == "skip" else value
        row.at = utcnow()
        session.add(row)
    return redirect(url_for("welcome.index", _anchor=key))


@bp.post("/welcome/watch")
@auth.allow(*KEEPERS)
def watch() -> ResponseReturnValue:
    topics = [topic for topic in TOPICS if topic in request.form.getlist("topic")]
    typed = request.form.get("more", "").replace("，", " ").replace("、", " ").split()
    places = list(dict.fromkeys(place[:60] for place in [*request.form.getlist("place"), *typed] if place))[
        :PLACES
    ]
    with write() as session:
        session.merge(Preference(name=WATCH, value={"topics": topics, "places": places}, at=utcnow()))
        append(session, g.user.name, "set-watch", "preference:watch", {"topics": topics, "places": places})
    return redirect(url_for("welcome.index", _anchor="watch"))


@bp.post("/welcome/channels")
@auth.allow("admin")
def try_channels() -> ResponseReturnValue:
    """Send a test message through every channel, and say how each answered."""
    settings = services().settings
    kept, problem = channels(settings)
    if problem or not kept:
        raise UsageError(problem or "还没有设置预警渠道。")
    message = Message(
        f"test:{utcnow():%Y%m%d%H%M%S}",
        0,
        "预警渠道测试",
        f"这是{settings.organisation}的一条测试消息，无需处理。",
    )
    close_reading()
    return _page([(channel.name, deliver_one(channel, message, settings)) for channel in kept])


@bp.post("/welcome/hints")
@auth.allow()
def hints() -> ResponseReturnValue:
    """Dismiss a hint or all of them, or see them all again; each person for himself."""
    key = request.form.get("hint", "")
    known = [hint.key for hint in HINTS]
    with write() as session:
        name = _own(g.user.name)
        row = session.get(Preference, name) or Preference(name=name, value={})
        before = row.value.get("dismissed", [])
        after = {"all": known, "again": []}.get(key, [one for one in known if one in before or one == key])
        row.value, row.at = {"dismissed": after}, utcnow()
        session.add(row)
    shown = next(
        (hint.endpoint for hint in HINTS if hint.key == key and hint.endpoint != "issue.index"),
        "welcome.index",
    )
    return redirect(url_for(shown if request.form.get("back") == "page" else "welcome.index"))
