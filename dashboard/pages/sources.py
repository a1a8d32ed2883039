"""来源: are we hearing everything? Health of each source in six states, the catalogue to switch on, an address to try."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from crawler import catalogue, switch
from crawler.health import Day, SourceHealth, daily, health
from crawler.source_run import STATES
from crawler.try_source import source_name, try_source
from dashboard import auth
from dashboard.services import close_reading, read, services, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import Alert, Fetch, Quarantine, Source, utcnow
from huiyin.records.audit import append

bp = Blueprint("sources", __name__)
bp.nav = [(70, "sources.index", "来源", "")]  # type: ignore[attr-defined]

RUNS = 30


@bp.get("/sources")
@auth.allow()
def index() -> ResponseReturnValue:
    close_reading()
    catalogue.sync(services().record, catalogue.load())
    rows = health(services().record, utcnow().astimezone(services().settings.zone))
    wanted = request.args.get("q", "").strip()[:60]
    on = [row for row in rows if row.enabled or row.state in ("broken", "blocked")]
    off = [
        row
        for row in rows
        if not row.enabled
        and row.state not in ("broken", "blocked")
        and (not wanted or wanted in f"{row.title}{row.name}{row.notes}")
    ]
    return render_template("sources/index.html", on=on, off=off, wanted=wanted)


@bp.get("/sources/<name>")
@auth.allow()
def show(name: str) -> ResponseReturnValue:
    row = read().get(Source, name[:64])
    if row is None:
        raise NotFound("没有这个来源。")
    runs = list(
        read().scalars(
            select(Fetch).where(Fetch.source == row.name).order_by(Fetch.started.desc()).limit(RUNS)
        )
    )
    kept = list(
        read().scalars(
            select(Quarantine)
            .where(Quarantine.source == row.name, Quarantine.replayed.is_(None))
            .order_by(Quarantine.id.desc())
            .limit(20)
        )
    )
    try:
        declaration: dict[str, Any] = catalogue.as_table(catalogue.from_row(row, catalogue.load()))
    except (NotFound, UsageError) as error:
        declaration = {"problem": str(error)}
    now = utcnow().astimezone(services().settings.zone)
    found = next((one for one in health(services().record, now) if one.name == row.name), None)
    days = daily(read(), row, now)
    alerts = list(
        read().scalars(select(Alert).where(Alert.source == row.name).order_by(Alert.at.desc()).limit(10))
    )
    return render_template(
        "sources/show.html", row=row, runs=runs, kept=kept, declaration=declaration, health=found, days=days, finding=_finding(days),
        week=_week(found), alerts=alerts,
    )  # fmt: skip


def _finding(days: list[Day]) -> str:
    """The chart's finding in words."""
    total, failed = sum(day.new for day in days), sum(day.failed for day in days)
    runs, best = sum(day.runs for day in days), max(days, key=lambda day: day.new)
    said = f"近 {len(days)} 天新内容 {total} 条"
    if total:
        said += f"，{best.day:%m-%d} 最多，{best.new} 条"
    return f"{said}；抓取 {runs} 次，失败 {failed} 次" if runs else said


def _week(found: SourceHealth | None) -> dict[str, int]:
    """Runs of the last seven days by state, all six and `ok`, those without any as 0."""
    counts = dict.fromkeys(STATES, 0)
    for day in found.days if found else ():
        for state, runs in day.items():
            counts[state] = counts.get(state, 0) + runs
    return counts


@bp.post("/sources/<name>/switch")
@auth.allow("analyst", "admin")
def turn(name: str) -> ResponseReturnValue:
    """Switch a source on or off: a person's decision, recorded with a name."""
    close_reading()
    if request.form.get("on") == "1":
        switch.enable(services().record, name[:64], by=g.user.name)
    else:
        switch.disable(services().record, name[:64], by=g.user.name)
    return redirect(
        request.form["back"]
        if request.form.get("back") in ("/sources",)
        else url_for("sources.show", name=name)
    )


@bp.get("/sources/try")
@auth.allow("analyst", "admin")
def attempt_form() -> ResponseReturnValue:
    return render_template("sources/try.html", trial=None, url="")


@bp.post("/sources/try")
@auth.allow("analyst", "admin")
def attempt() -> ResponseReturnValue:
    """Look at a pasted address: its feeds, its list rule, five articles. Nothing is stored."""
    url = request.form.get("url", "").strip()[:1000]
    if not re.match(r"https?://", url):
        raise UsageError("请粘贴以 http:// 或 https:// 开头的地址。")
    close_reading()
    trial = try_source(url, services().settings)
    return render_template("sources/try.html", trial=trial, url=url)


@bp.post("/sources/add")
@auth.allow("analyst", "admin")
def add() -> ResponseReturnValue:
    """Add the source that was tried: the address is tried again, so that no declaration comes from the form."""
    url = request.form.get("url", "").strip()[:1000]
    basis = request.form.get("legal_basis", "").strip()[:300]
    if not basis:
        raise UsageError("请写明采集依据，例如“政府公开信息”或“新闻机构公开报道”。")
    close_reading()
    trial = try_source(url, services().settings)
    if not trial.declaration:
        raise UsageError("这个地址没有找到可以采集的列表或订阅源，没有添加。")
    name, title = source_name(url), request.form.get("title", "").strip()[:80] or trial.title
    declared = {**trial.declaration, "legal_basis": basis, **({"title": title} if title else {})}
    declared.pop("name", None)
    switch.add(services().record, name, declared, by=g.user.name)
    switch.enable(services().record, name, by=g.user.name)
    return redirect(url_for("sources.show", name=name))


@bp.post("/sources/quarantine/<int:number>/dismiss")
@auth.allow("analyst", "admin")
def dismiss(number: int) -> ResponseReturnValue:
    with write() as session:
        kept = session.get(Quarantine, number)
        if kept is None:
            raise NotFound("没有这个隔离页面。")
        kept.replayed = utcnow()
        source = kept.source
        append(session, g.user.name, "dismiss-quarantine", f"source:{source}", {"url": kept.url})
    return redirect(url_for("sources.show", name=source))
