"""检索: where was it said? Words, phrases in quotation marks, -excluded words, filters, facets, export, saved searches."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.provinces import places_of
from dashboard.services import read, services, write
from huiyin.cells import harmless
from huiyin.errors import UsageError
from huiyin.records import AnalysisRow, DocumentRow, Issue, IssueDocument, SavedSearch, Source
from huiyin.records.audit import append
from huiyin.search import Query, Results
from nlp.normalise import normalise
from nlp.segment import words as segment

bp = Blueprint("search", __name__)
bp.nav = [(60, "search.index", "检索", "检索")]  # type: ignore[attr-defined]

PAGE = 20
DEEPEST = 9_800
EXPORT = 5_000
FACETS = ("topic", "source", "kind", "sentiment", "urgency", "place")
PART = re.compile(r'-?"[^"]*"|-?“[^”]*”|\S+')


def parse(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Words, phrases, excluded words of what a person typed: 食堂 "第三小学" -广告. Words of several segments become phrases."""
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    exclude: list[str] = []
    for part in PART.findall(text[:500]):
        without = part.startswith("-") and len(part) > 1
        body = part.removeprefix("-") if without else part
        cut = tuple(segment(body.strip('"“”')))
        if without:
            exclude.extend(cut)
        elif len(cut) > 1:
            phrases.append(cut)
        else:
            words.extend(cut)
    return tuple(words), tuple(phrases), tuple(exclude)


def _day(name: str, *, end: bool = False) -> datetime | None:
    """A date or moment of the address in the office's zone; a date as an end includes its day."""
    value = request.args.get(name, "").strip()
    moment = forms.read_moment(value.replace(" ", "+"), name="日期", like="2026-11-24")
    return moment + timedelta(days=1) if moment is not None and end and len(value) <= 10 else moment


def asked(limit: int, offset: int, *, facets: bool) -> Query:
    """The Query that the address asks for."""
    words, phrases, exclude = parse(request.args.get("q", ""))
    filters = {name: tuple(request.args.getlist(name)[:20]) for name in FACETS if request.args.getlist(name)}
    if province := request.args.get("province", "")[:20]:
        # The places that the documents of this time name, as the overview's map counted them.
        named = services().index.search(
            Query(since=_day("since"), until=_day("until", end=True), limit=1, facets=("place",))
        )
        filters["place"] = tuple(places_of(province, (place for place, _ in named.facets["place"]))) or (
            "\x00",
        )
    if request.args.get("fold", "1") == "1":
        filters["duplicate"] = ("false",)
    order: Any = request.args.get("order", "newest")
    return Query(
        words=words, phrases=phrases, exclude=exclude, since=_day("since"), until=_day("until", end=True), filters=filters,
        order=order if order in ("relevance", "newest", "oldest") else "newest", limit=limit, offset=offset,
        facets=FACETS if facets else (),
    )  # fmt: skip


def rows_of(
    session: Session, ids: tuple[str, ...]
) -> list[tuple[DocumentRow, AnalysisRow | None, Issue | None]]:
    """The documents in the order of the hits, with analysis and issue. A hit that the record no longer has is left out."""
    wanted = (
        select(DocumentRow, AnalysisRow, Issue)
        .outerjoin(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .outerjoin(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .outerjoin(Issue, Issue.id == IssueDocument.issue_id)
        .where(DocumentRow.id.in_(ids))
    )
    found = {row[0].id: (row[0], row[1], row[2]) for row in session.execute(wanted)}
    return [found[document] for document in ids if document in found]


def highlight(text: str, query: str, length: int = 220) -> Markup:
    """An excerpt around the first hit with every hit marked; the text itself is escaped."""
    wanted = [part.strip('"“”') for part in PART.findall(query[:500]) if not part.startswith("-")]
    flat = " ".join(text.split())
    lowered = normalise(flat)
    exact = len(lowered) == len(flat)  # positions hold only where normalising kept the length
    haystack = lowered if exact else flat.lower()
    needles = [normalise(word) if exact else word.lower() for word in wanted if word]
    first = min((at for at in (haystack.find(needle) for needle in needles) if at >= 0), default=0)
    start = max(0, first - 40)
    piece, inside = flat[start : start + length], haystack[start : start + length]
    marks = sorted((m.start(), m.end()) for needle in needles for m in re.finditer(re.escape(needle), inside))
    parts, at = [Markup("…" if start else "")], 0
    for begin, end in marks:
        if begin >= at:
            parts += [escape(piece[at:begin]), Markup("<mark>{}</mark>").format(piece[begin:end])]
            at = end
    parts += [escape(piece[at:]), Markup("…" if start + length < len(flat) else "")]
    return Markup("").join(parts)


@bp.get("/search")
@auth.allow()
def index() -> ResponseReturnValue:
    page = max(1, int(request.args["page"])) if request.args.get("page", "").isdigit() else 1
    page = min(page, DEEPEST // PAGE)
    found: Results = services().index.search(asked(PAGE, (page - 1) * PAGE, facets=True))
    session = read()
    titles = {row.name: row.title or row.name for row in session.execute(select(Source.name, Source.title))}
    saved = list(
        session.scalars(select(SavedSearch).where(SavedSearch.user == g.user.name).order_by(SavedSearch.name))
    )
    pages = max(1, -(-min(found.total, DEEPEST) // PAGE))
    return render_template(
        "search/index.html", found=found, rows=rows_of(session, found.ids), page=page, pages=pages, highlight=highlight,
        source_titles=titles, saved=saved, facets=FACETS,
    )  # fmt: skip


HEAD = ("时间", "来源", "类型", "标题", "正文", "地址", "领域", "紧急程度", "倾向", "事件")


@bp.get("/search/export.<form>")
@auth.allow("analyst", "spokesperson", "reviewer", "admin")
def export(form: str) -> ResponseReturnValue:
    """The hits as CSV or XLSX, at most EXPORT of them, newest first."""
    if form not in ("csv", "xlsx"):
        raise UsageError("只能导出 csv 或 xlsx。")
    found = services().index.search(asked(EXPORT, 0, facets=False))
    zone = services().settings.zone
    lines = [
        [row.when.astimezone(zone).strftime("%Y-%m-%d %H:%M"), row.source, row.kind, row.title, row.text[:30_000], row.url,
         analysis.topic if analysis else "", analysis.urgency if analysis else "", analysis.sentiment if analysis else "", issue.title if issue else ""]
        for row, analysis, issue in rows_in_parts(read(), found.ids)
    ]  # fmt: skip
    with write() as session:
        append(
            session,
            g.user.name,
            "export",
            "search",
            {"query": request.args.get("q", "")[:200], "rows": len(lines), "form": form},
        )
    if form == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerows([HEAD, *([harmless(value) for value in line] for line in lines)])
        content, mime = ("\ufeff" + stream.getvalue()).encode(), "text/csv; charset=utf-8"
    else:
        content, mime = _xlsx(lines), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(
        content,
        mimetype=mime,
        headers={"Content-Disposition": f'attachment; filename="huiyin-search.{form}"'},
    )


def rows_in_parts(
    session: Session, ids: tuple[str, ...]
) -> list[tuple[DocumentRow, AnalysisRow | None, Issue | None]]:
    return [row for start in range(0, len(ids), 500) for row in rows_of(session, ids[start : start + 500])]


def _xlsx(lines: list[list[Any]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("检索结果")
    sheet.append(list(HEAD))
    for line in lines:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", harmless(value)) for value in line])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@bp.post("/search/save")
@auth.allow()
def save() -> ResponseReturnValue:
    name, query = request.form.get("name", "").strip()[:60], request.form.get("query", "")[:1000]
    if not name:
        raise UsageError("请给这个检索起一个名字。")
    with write() as session:
        session.add(
            SavedSearch(user=g.user.name, name=name, query=query, alert=request.form.get("alert") == "1")
        )
    return redirect(f"{url_for('search.index')}?{query.lstrip('?')}")


@bp.post("/search/forget/<int:number>")
@auth.allow()
def forget(number: int) -> ResponseReturnValue:
    with write() as session:
        saved = session.get(SavedSearch, number)
        if saved is not None and saved.user == g.user.name:
            session.delete(saved)
    return redirect(url_for("search.index"))
