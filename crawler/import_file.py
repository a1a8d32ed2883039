"""Bring a file into the record: rows → documents → intake. The same file again adds nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.importers import is_comment, read_rows
from crawler.importers.columns import looks_like_disclosure, looks_like_register, mapping, platform_of
from crawler.intake import Counts, Intake
from crawler.moments import moment
from crawler.spiders.feed import plain
from crawler.spiders.pages import number
from huiyin.document import KINDS, Comment, Document, document_id
from huiyin.errors import UsageError
from huiyin.records import Record, utcnow
from huiyin.records import Source as SourceRow
from huiyin.settings import Settings

DISCLOSURE = "import-disclosure"
"""Source of registers of applications for government information; give it with --source where the file's columns do not tell."""
_MOST_REMARKS = 20
_MARKUP = re.compile(r"<(?:p|br|div|span|a|img)\b[^>]*>", re.IGNORECASE)
_TITLES = {
    "weibo": "微博", "xhs": "小红书", "douyin": "抖音", "tieba": "百度贴吧", "zhihu": "知乎", "bilibili": "哔哩哔哩", "kuaishou": "快手",
}  # fmt: skip


@dataclass
class ImportResult:
    """What came of a file. `remarks`: rows that were left out or read in part, each named; at most 20 are kept."""

    source: str
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    comments: int = 0
    skipped: int = 0
    remarks: list[str] = field(default_factory=list)

    def remark(self, text: str) -> None:
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(text)


def import_file(
    path: Path,
    record: Record,
    settings: Settings,
    *,
    source: str = "",
    told: Mapping[str, str] | None = None,
    intake: Intake | None = None,
) -> ImportResult:
    """Store a file's rows under `source` (default: by what the file is). `told`: column → field, before what names say.

    Raises UsageError (unknown kind of file, columns that say nothing), LimitExceeded, HuiyinError naming the place.
    """
    rows = read_rows(path, settings)
    first = next(rows, None)
    if first is None:
        raise UsageError(f"{path.name}: there is no row in it")
    plan = _Plan.of(path.name, first[1], source, told, settings)
    _open_source(record, plan)
    intake = intake or Intake(record, settings)
    result = ImportResult(plan.source)
    batch: list[Document] = []
    talk: dict[str, list[tuple[Comment, Document]]] = {}
    for place, row in _chain(first, rows):
        result.rows += 1
        if is_comment(row):
            _comment(plan, row, place, talk, result)
        else:
            batch += _documents(plan, row, place, result)
        if len(batch) >= 500:
            result.counts += intake.store(batch)
            batch = []
        if sum(map(len, talk.values())) >= 5_000:
            _store_talk(intake, talk, result)
    result.counts += intake.store(batch)
    _store_talk(intake, talk, result)
    return result


def _chain(
    first: tuple[str, dict[str, Any]], rest: Iterator[tuple[str, dict[str, Any]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield first
    yield from rest


@dataclass(frozen=True)
class _Plan:
    """How the rows of one file are read."""

    source: str
    title: str
    kind: str
    columns: dict[str, list[str]]
    now: datetime
    settings: Settings
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        row: Mapping[str, Any],
        source: str,
        told: Mapping[str, str] | None,
        settings: Settings,
    ) -> _Plan:
        columns = list(row)
        platform = platform_of(columns, name)
        disclosure = not platform and (
            source == DISCLOSURE or (not source and looks_like_disclosure(columns, name))
        )
        register = disclosure or looks_like_register(columns)
        found = f"import-{platform}" if platform else "import-register" if register else "import"
        chosen = source or (DISCLOSURE if disclosure else found)
        if not re.fullmatch(r"[\w.\-]{1,64}", chosen):
            raise UsageError(f"source is {chosen!r}; a name is 1 to 64 letters, digits, hyphens and dots")
        title = _TITLES.get(platform, "信件与工单登记表" if register else "导入的文件")
        title = "依申请公开登记表" if disclosure else title
        kind = "post" if platform else "message" if register else "article"
        extra = {"register": "disclosure"} if disclosure else {}
        return cls(chosen, title, kind, mapping(columns, told), utcnow(), settings, extra)

    def value(self, row: Mapping[str, Any], field: str) -> Any:
        """The first column of the field that is not empty in this row."""
        for column in self.columns.get(field, ()):
            value = row.get(column)
            if value is not None and str(value).strip() not in ("", "nan", "None", "NULL", "null"):
                return value
        return None

    def text(self, row: Mapping[str, Any], field: str) -> str:
        value = self.value(row, field)
        if value is None or isinstance(value, (dict, list)):
            return ""
        text = str(value).strip()
        return plain(text) if _MARKUP.search(text) else text


def _open_source(record: Record, plan: _Plan) -> None:
    with record.session() as session:
        if session.get(SourceRow, plan.source) is None:
            session.add(
                SourceRow(
                    name=plan.source, title=plan.title, kind="import", enabled=True, state="ok",
                    legal_basis="由本单位人员依职责导入，来源与用途由导入人负责", notes="文件导入",
                )
            )  # fmt: skip


def _documents(plan: _Plan, row: Mapping[str, Any], place: str, result: ImportResult) -> list[Document]:
    title, text = plan.text(row, "title"), plan.text(row, "text")
    if not title and not text:
        result.skipped += 1
        result.remark(f"{place}：标题和正文都是空的，略过")
        return []
    published = _time(plan, row, "published", place, result)
    url = plan.text(row, "url")
    url = url if url.startswith(("http://", "https://")) else ""
    native = (
        plan.text(row, "id")
        or url
        or _fingerprint(title, text, plan.text(row, "author"), str(published or ""))
    )
    document = Document(
        id=document_id(plan.source, native), source=plan.source, text=text or title, fetched=plan.now, title=title if text else "", url=url,
        published=published, kind=str(row["kind"]) if row.get("kind") in KINDS else plan.kind, author=plan.text(row, "author"), origin=plan.text(row, "origin"),
        likes=number(plan.text(row, "likes")), reposts=number(plan.text(row, "reposts")), replies=number(plan.text(row, "replies")),
        province=plan.text(row, "province"), comments=tuple(_comments(row)), extra={"native": native, **plan.extra},
    )  # fmt: skip
    reply = plan.text(row, "reply")
    if not reply:
        return [document]
    answer = Document(
        id=document_id(plan.source, f"{native}#reply"), source=plan.source, text=reply, fetched=plan.now, url=url, kind="reply", parent=document.id,
        title=f"答复：{title}" if title else "", published=_time(plan, row, "reply_time", place, result), origin=plan.text(row, "reply_unit"),
    )  # fmt: skip
    return [document, answer]


def _time(
    plan: _Plan, row: Mapping[str, Any], field: str, place: str, result: ImportResult
) -> datetime | None:
    value = plan.value(row, field)
    if value is None:
        return None
    found = moment(value, plan.now, plan.settings.zone)
    if found is None:
        result.remark(f"{place}：时间 {str(value)[:40]!r} 读不懂，按无时间存入")
    return found


def _comments(row: Mapping[str, Any]) -> Iterator[Comment]:
    """Comments that stand in the row itself: a list of strings, or of objects with a text."""
    values = row.get("comments")
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and value.strip():
            yield Comment(value)
        elif isinstance(value, dict) and str(value.get("text") or value.get("content") or "").strip():
            text = str(value.get("text") or value.get("content"))
            yield Comment(
                text,
                moment(value.get("published") or value.get("create_time"), utcnow()),
                str(value.get("author") or ""),
            )


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _comment(
    plan: _Plan,
    row: Mapping[str, Any],
    place: str,
    talk: dict[str, list[tuple[Comment, Document]]],
    result: ImportResult,
) -> None:
    """A row of a comment file: kept under what it comments on; as a document of its own where we do not have that."""
    above = next(
        str(row[name]) for name in ("note_id", "aweme_id", "content_id", "video_id") if row.get(name)
    )
    text = plan.text(row, "text")
    if not text:
        result.skipped += 1
        result.remark(f"{place}：评论没有内容，略过")
        return
    published = _time(plan, row, "published", place, result)
    author = plan.text(row, "author")
    parent = document_id(plan.source, above)
    alone = Document(
        id=document_id(plan.source, f"comment/{row['comment_id']}"), source=plan.source, text=text, fetched=plan.now, published=published,
        kind="comment", author=author, parent=parent, likes=number(plan.text(row, "likes")), province=plan.text(row, "province"),
    )  # fmt: skip
    talk.setdefault(parent, []).append((Comment(text, published, author), alone))


def _store_talk(
    intake: Intake, talk: dict[str, list[tuple[Comment, Document]]], result: ImportResult
) -> None:
    if not talk:
        return
    missing = intake.comment({parent: [comment for comment, _ in pairs] for parent, pairs in talk.items()})
    result.comments += sum(len(pairs) for parent, pairs in talk.items() if parent not in missing)
    result.counts += intake.store([alone for parent in missing for _, alone in talk[parent]])
    talk.clear()
