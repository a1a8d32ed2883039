"""The policy library: add a file, know its number, body, dates and clauses, and whether it is in force on a day."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound
from huiyin.records import Clause, Policy, audit, utcnow
from response_kits.library.clauses import split
from response_kits.library.identify import identify, numbers
from response_kits.library.readers import read_text

BY_HAND = "人工："
"""A status note that begins so was set by a person; relinking leaves it alone."""
STATUS = {
    "in_force": "现行有效", "amended": "已修改", "repealed": "已废止", "replaced": "已被替代", "unknown": "待核",
}  # fmt: skip
_REPEAL = re.compile(r"([^。\n]{2,300})同时(?:予以)?废止")
_TITLE_IN_MARKS = re.compile(r"《([^《》]{2,60}(?:〈[^〉]{2,40}〉[^《》]{0,20})?)》")


@dataclass(frozen=True, slots=True)
class Force:
    """Whether a document is in force on a day, and why, in words."""

    in_force: bool
    reason: str
    kind: str = "in_force"  # in_force | future | expired | unknown | repealed | replaced


def add(
    session: Session,
    data: bytes,
    name: str,
    *,
    by: str = "",
    url: str = "",
    sample: bool = False,
    limit: int = 50_000_000,
    now: datetime | None = None,
) -> Policy:
    """Read a file into the library; the same text again gives the policy that is there.

    Raises what `read_text` raises. Links to replaced and repealed documents are brought up to date.
    """
    return add_text(session, read_text(data, name, limit=limit), name, by=by, url=url, sample=sample, now=now)


def add_text(
    session: Session,
    text: str,
    name: str,
    *,
    by: str = "",
    url: str = "",
    sample: bool = False,
    now: datetime | None = None,
    **known: str,
) -> Policy:
    """As `add`, from text (one paragraph a line). `known` (title, body, number, dated, effective) overrules what is read."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    present = session.scalars(select(Policy).where(Policy.content_hash == digest)).first()
    if present is not None:
        return present
    identity = identify(text, name)
    stated = {
        key: known.get(key) or getattr(identity, key)
        for key in ("title", "body", "number", "dated", "effective")
    }
    note = f"有效期至{identity.expires}" if identity.expires else ""
    policy = Policy(
        **stated, status="in_force", status_note=note, url=url, text=text, content_hash=digest,
        added=now or utcnow(), sample=sample,
    )  # fmt: skip
    policy.clauses = [
        Clause(order=n, path=piece.path, heading=piece.heading, text=text[piece.start : piece.end],
               start=piece.start, end=piece.end)
        for n, piece in enumerate(split(text))
    ]  # fmt: skip
    session.add(policy)
    session.flush()
    _link_interpretation(session, policy)
    relink(session)
    audit.append(
        session, by, "policy.add", f"policy/{policy.id}", {"title": policy.title, "hash": digest}, at=now
    )
    return policy


def get(session: Session, policy_id: int) -> Policy:
    """Raises NotFound."""
    policy = session.get(Policy, policy_id)
    if policy is None:
        raise NotFound(f"policy {policy_id}: not in the library; `huiyin policy list` shows what is")
    return policy


def listing(session: Session) -> list[Policy]:
    """All policies, newest first."""
    return list(session.scalars(select(Policy).order_by(Policy.dated.desc(), Policy.id)))


def by_number(session: Session, number: str) -> Policy | None:
    """The policy with this document number in its normal form (see identify.normal_number); the newest, where several."""
    return session.scalars(
        select(Policy)
        .where(Policy.number == number, Policy.interprets.is_(None))
        .order_by(Policy.dated.desc())
    ).first()


def set_status(session: Session, policy_id: int, status: str, note: str, by: str, now: datetime) -> Policy:
    """A person's word on the status; kept when links are recomputed."""
    policy = get(session, policy_id)
    policy.status, policy.status_note = status, f"{BY_HAND}{note}"
    audit.append(
        session, by, "policy.status", f"policy/{policy_id}", {"status": status, "note": note}, at=now
    )
    return policy


def relink(session: Session) -> None:
    """Replaced and repealed documents, from what newer texts say and from versions under one title. Order of adding
    does not matter: the whole library is looked at again."""
    policies = [p for p in listing(session) if p.interprets is None]
    for policy in policies:
        if not policy.status_note.startswith(BY_HAND) and policy.status in ("replaced", "repealed"):
            policy.status, policy.replaced_by = "in_force", None
            policy.status_note = _term(policy.status_note)
    for old, new, status, note in [*_versions(policies), *_repeals(policies)]:
        if old.status_note.startswith(BY_HAND):
            continue
        old.status, old.replaced_by = status, new.id
        old.status_note = "；".join(part for part in (_term(old.status_note), note) if part)
    session.flush()


def _term(note: str) -> str:
    match = re.search(r"有效期至\d{4}-\d{2}-\d{2}", note)
    return match[0] if match else ""


def bare_title(title: str) -> str:
    """A title without the issuer, 关于印发 and 通知 around it, 中华人民共和国 and version words, to compare by."""
    match = re.search(r"关于(?:印发|公布|发布)《(.+?)》的(?:通知|公告|决定)", title) or re.fullmatch(
        "《(.+)》", title
    )
    inner = match[1] if match else title
    inner = inner.removeprefix("中华人民共和国").strip("《》 ")
    return re.sub(r"[（(](?:\d{4}年?)?(?:修订|修正|试行|暂行|\d{4}-\d{2}-\d{2})[）)]", "", inner)


def _versions(policies: Iterable[Policy]) -> list[tuple[Policy, Policy, str, str]]:
    groups: dict[str, list[Policy]] = {}
    for policy in policies:
        if policy.dated:
            groups.setdefault(bare_title(policy.title), []).append(policy)
    found = []
    for group in groups.values():
        ordered = sorted(group, key=lambda p: p.dated)
        for old, new in pairwise(ordered):
            if old.dated < new.dated:
                found.append((old, new, "replaced", f"已有{new.dated}的新文本"))
    return found


def _repeals(policies: list[Policy]) -> list[tuple[Policy, Policy, str, str]]:
    by_title: dict[str, list[Policy]] = {}
    by_num = {policy.number: policy for policy in policies if policy.number}
    for policy in policies:
        by_title.setdefault(bare_title(policy.title), []).append(policy)
    found = []
    for new in policies:
        for match in _REPEAL.finditer(new.text):
            named = [
                p for title in _TITLE_IN_MARKS.findall(match[1]) for p in by_title.get(bare_title(title), [])
            ]
            named += [by_num[form] for form, _, _ in numbers(match[1]) if form in by_num]
            for old in {p.id: p for p in named}.values():
                if old.id != new.id and (not old.dated or not new.dated or old.dated < new.dated):
                    found.append((old, new, "repealed", f"《{bare_title(new.title)}》施行时废止"))
    return found


def in_force(session: Session, policy: Policy, on: date) -> Force:
    """Was, is, or will the document be in force on that day? By effective date, term, replacement and repeal."""
    day = on.isoformat()
    start = policy.effective or policy.dated
    if start and day < start:
        return Force(False, f"自{start}起施行，尚未生效", "future")
    term = re.search(r"有效期至(\d{4}-\d{2}-\d{2})", policy.status_note)
    if term and day > term[1]:
        return Force(False, f"有效期至{term[1]}，已届满", "expired")
    if policy.status == "unknown":
        return Force(False, "效力状态待核", "unknown")
    if policy.status in ("repealed", "replaced"):
        newer = session.get(Policy, policy.replaced_by) if policy.replaced_by else None
        # A revised law keeps its first 施行 date in the text: the revision counts from its own date at the earliest.
        until = max(newer.effective or "", newer.dated) if newer else ""
        if not until or day >= until:
            return Force(False, f"{STATUS[policy.status]}（{policy.status_note}）", policy.status)
    return Force(
        True,
        "现行有效" if policy.status != "amended" else f"现行有效，部分条款已修改（{policy.status_note}）",
    )


def _link_interpretation(session: Session, policy: Policy) -> None:
    """A 解读 points to the policy that it explains, by the title in marks or the number it cites."""
    if "解读" not in policy.title and not policy.title.endswith("问答"):
        return
    titles = {bare_title(title) for title in _TITLE_IN_MARKS.findall(policy.title + policy.text[:500])}
    cited = {form for form, _, _ in numbers(policy.text[:1500])}
    for other in listing(session):
        if other.id != policy.id and other.interprets is None and (
            bare_title(other.title) in titles or (other.number and other.number in cited)
        ):  # fmt: skip
            policy.interprets = other.id
            break


def citation(policy: Policy, clause: Clause | None = None) -> str:
    """How a text names it: 《云江市…办法》（云政发〔2026〕31号）第五条."""
    title = f"《{bare_title(policy.title)}》" if policy.number else f"《{policy.title}》"
    number = f"（{policy.number}）" if policy.number else ""
    place = clause.path if clause is not None and not clause.path.startswith(("前言", "第1段")) else ""
    if place and not place.startswith("第"):
        place = f"第{place}部分"
    return f"{title}{number}{place}"
