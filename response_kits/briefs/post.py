"""Delivery of signed briefs by e-mail: once to each recipient, at the hour that the office chose, never a draft.

The row that says a mail is on its way is on disk before the mail goes, and says `sent` only after the server took it. Where the
program ends in between (kill -9, a power cut) nobody knows whether it arrived: the row stays `sending` and nothing goes again by
itself; the page shows it, and a person decides.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, HuiyinError, NotFound, UsageError
from huiyin.lock import only_one
from huiyin.records import Brief, BriefDelivery, Preference, Record
from huiyin.records.audit import append
from huiyin.settings import Settings
from response_kits.alerts.channels.email import send_mail
from response_kits.briefs.kinds import kind, kinds
from response_kits.briefs.render import MIME, render, view

KEY = "brief_delivery"
ATTEMPTS = 5
PAUSE = timedelta(minutes=10)
"""Wait after a refusal before the next attempt, times the attempts made."""
OLDEST = timedelta(days=7)
"""A brief that was signed longer ago is not news: it is not sent by itself."""
MOST = 200
_ADDRESS = re.compile(r"[^\s@<>,;\"\\()\[\]:]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Recipient:
    """`since`: when the address was entered: what was signed before is not sent to it."""

    address: str
    name: str
    kinds: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """`at`: the hour of the office's clock at which mails go, None for at once; `formats`: what is attached."""

    recipients: tuple[Recipient, ...] = ()
    at: time | None = None
    formats: tuple[str, ...] = ("pdf",)


def plan(session: Session) -> Plan:
    """As the settings page saved it."""
    row = session.get(Preference, KEY)
    value = row.value if row else {}
    people = tuple(
        Recipient(
            str(one["address"]),
            str(one.get("name", "")),
            tuple(one.get("kinds", ())),
            datetime.fromisoformat(one["since"]),
        )
        for one in value.get("recipients", ())
    )
    at = time.fromisoformat(value["at"]) if value.get("at") else None
    return Plan(people, at, tuple(value.get("formats", ("pdf",))))


def save(
    session: Session,
    rows: Sequence[tuple[str, str, Sequence[str]]],
    at: str,
    formats: Sequence[str],
    by: str,
    now: datetime,
) -> None:
    """Save the recipients (address, name, kinds), hour and formats. Raises UsageError naming what is wrong."""
    known = {one.address: one for one in plan(session).recipients}
    people: dict[str, dict[str, Any]] = {}
    for address, name, wanted in rows[:MOST]:
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"“{address[:60]}”不是一个电子邮箱地址；没有保存。")
        chosen = [one for one in wanted if one in kinds()]
        if not chosen:
            raise UsageError(f"请为 {address} 至少选择一种简报；没有保存。")
        since = known[address].since if address in known else now
        people[address] = {"address": address, "name": name, "kinds": chosen, "since": since.isoformat()}
    try:
        hour = time.fromisoformat(at).strftime("%H:%M") if at else ""
    except ValueError as error:
        raise UsageError(f"时间“{at[:20]}”不能识别，请写成 08:30 的样子；没有保存。") from error
    kept = [one for one in formats if one in MIME] or ["pdf"]
    value = {"recipients": list(people.values()), "at": hour, "formats": kept}
    session.merge(Preference(name=KEY, value=value, at=now))
    append(session, by, "brief-recipients", "briefs", {"recipients": sorted(people), "at": hour})


def due(signed: datetime, at: time | None, settings: Settings) -> datetime:
    """When a brief that was signed then is sent: at once, or at the next `at` of the office's clock."""
    if at is None:
        return signed
    local = signed.astimezone(settings.zone)
    found = datetime.combine(local.date(), at, settings.zone)
    return found if found >= local else datetime.combine(local.date() + timedelta(days=1), at, settings.zone)


def deliver(record: Record, settings: Settings, now: datetime) -> int:
    """Send what is due. Returns how many mails went. Two at once do not send twice: one of them holds the lock."""
    if not settings.smtp_url:
        return 0
    with only_one(settings.home_path, "brief-post"):
        with record.session(write=False) as session:
            waiting = _waiting(session, settings, now)
        return sum(_send(record, settings, brief, address, now) for brief, address in waiting)


def _waiting(session: Session, settings: Settings, now: datetime) -> list[tuple[int, str]]:
    chosen = plan(session)
    wanted = (
        select(Brief)
        .where(Brief.state == "signed", Brief.signed_at >= now - OLDEST)
        .order_by(Brief.signed_at, Brief.id)
    )
    found = []
    for brief in session.scalars(wanted):
        assert brief.signed_at is not None
        if due(brief.signed_at, chosen.at, settings) > now:
            continue
        rows = {row.address: row for row in deliveries(session, brief.id)}
        for one in chosen.recipients:
            if (
                brief.kind in one.kinds
                and one.since <= brief.signed_at
                and _may_go(rows.get(one.address), now)
            ):
                found.append((brief.id, one.address))
    return found


def _may_go(row: BriefDelivery | None, now: datetime) -> bool:
    return row is None or (
        row.state == "failed" and row.attempts < ATTEMPTS and now >= row.at + PAUSE * row.attempts
    )


def _send(record: Record, settings: Settings, number: int, address: str, now: datetime) -> int:
    with record.session() as session:
        brief = session.get_one(Brief, number)
        wanted = select(BriefDelivery).where(
            BriefDelivery.brief_id == number, BriefDelivery.address == address
        )
        row = session.scalars(wanted.with_for_update()).first()
        if not _may_go(row, now):
            return 0
        if row is None:
            row = BriefDelivery(brief_id=number, address=address, attempts=0)
            session.add(row)
        row.state, row.at, row.error, row.attempts = "sending", now, "", row.attempts + 1
        formats = plan(session).formats
        session.flush()
        delivery = row.id
    state, problem = _try(brief, address, formats, settings)
    with record.session() as session:
        row = session.get_one(BriefDelivery, delivery)
        row.state, row.error = state, problem
        append(session, "schedule", f"brief-{state}", f"brief:{number}", {"to": address, "error": problem})
    return int(state == "sent")


def _try(brief: Brief, address: str, formats: Sequence[str], settings: Settings) -> tuple[str, str]:
    """Send: (state, why not). `failed` only where the server refused or never was there; where the connection broke on the way,
    nobody knows, and it stays `sending`."""
    try:
        send_mail(mail(brief, address, formats, settings), settings)
    except smtplib.SMTPRecipientsRefused:
        return "failed", "邮件服务器不接受这个地址"
    except (ConnectionRefusedError, smtplib.SMTPConnectError, smtplib.SMTPHeloError):
        return "failed", "连不上邮件服务器"
    except smtplib.SMTPResponseException as error:
        return "failed", f"邮件服务器拒绝，代码 {error.smtp_code}"
    except (OSError, smtplib.SMTPException) as error:
        return "sending", f"连接中断（{type(error).__name__}），不能确定是否已送达"
    except HuiyinError as error:
        return "failed", str(error)[:300]
    return "sent", ""


def mail(brief: Brief, address: str, formats: Sequence[str], settings: Settings) -> EmailMessage:
    """The mail: the lead as plain text, the whole as HTML, the files attached."""
    shown = view(brief.model, settings)
    found = EmailMessage()
    found["Subject"], found["To"] = brief.title.replace("\n", " ")[:200], address
    found["Message-ID"] = f"<brief-{brief.id}-{brief.version}-{_hash(address)}@huiyin>"
    lead = str(brief.model.get("lead", ""))
    found.set_content(
        f"{shown['title']} {shown['number']}\n{shown['organisation']}　数据截至 {shown['until']}\n\n{lead}\n\n全文见附件。签发：{brief.signed_by}\n"
    )
    for form in formats:
        main, _, sub = MIME[form].partition(";")[0].partition("/")
        name = f"{kind(brief.kind).NAME}-{brief.period}{f'-第{brief.version}版' if brief.version > 1 else ''}.{form}"
        found.add_attachment(render(brief.model, settings, form), maintype=main, subtype=sub, filename=name)
    return found


def _hash(address: str) -> str:
    """Stable for an address: the same mail has the same Message-ID, so that a mail program can fold a copy."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def deliveries(session: Session, brief: int) -> list[BriefDelivery]:
    return list(
        session.scalars(
            select(BriefDelivery).where(BriefDelivery.brief_id == brief).order_by(BriefDelivery.id)
        )
    )


def again(session: Session, brief: int, delivery: int, by: str) -> None:
    """A person decides that a mail whose fate is unknown, or that was given up, goes again."""
    row = session.get(BriefDelivery, delivery)
    if row is None or row.brief_id != brief:
        raise NotFound("没有这条发送记录。")
    if row.state == "sent":
        raise Conflict("这封邮件已经送达邮件服务器，不再重发。")
    row.state, row.attempts, row.error = "failed", 0, "由人工安排重发"
    append(session, by, "brief-send-again", f"brief:{brief}", {"to": row.address})
