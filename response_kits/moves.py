"""The table of sign-off (RULES 6): states, and from each the moves with their roles and conditions. Nothing else moves a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

STATES = {
    "draft": "起草", "unit": "承办部门审核", "consult": "会商", "secrecy": "保密审查", "leader": "分管领导审签",
    "principal": "主要领导审签", "approved": "已签发待发布", "published": "已发布", "returned": "已退回", "withdrawn": "已撤回",
}  # fmt: skip
OPEN = ("unit", "consult", "secrecy", "leader", "principal")
PRINCIPAL_FROM = 2
"""Orange (2) and red (3) issues need the principal leader."""


class Person(Protocol):
    """Who acts: a user of the record, or anything with a name and a role."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `approves`: a sign-off, closed to authors and editors. `gated`: the gates must let it pass."""

    after: str
    roles: tuple[str, ...]
    name: str
    approves: bool = False
    gated: bool = False
    reason: bool = False
    condition: str = ""  # key of _CONDITIONS


WRITERS = ("analyst", "spokesperson", "reviewer", "leader")
_UNIT = ("spokesperson", "reviewer", "leader")
_BACK = {
    "unit": _UNIT,
    "consult": _UNIT,
    "secrecy": ("reviewer",),
    "leader": ("leader",),
    "principal": ("leader",),
}

MOVES: dict[tuple[str, str], Move] = {
    ("draft", "submit"): Move("unit", WRITERS, "送审", gated=True),
    ("returned", "submit"): Move("unit", WRITERS, "重新送审", gated=True),
    ("unit", "consult"): Move("consult", _UNIT, "送会商", reason=True),
    ("consult", "answer"): Move("unit", (*WRITERS,), "会商完成", condition="remark"),
    ("unit", "approve"): Move("secrecy", _UNIT, "承办部门审核通过", approves=True, gated=True),
    ("secrecy", "approve"): Move("leader", ("reviewer",), "保密审查通过", approves=True, gated=True),
    ("leader", "sign"): Move("approved", ("leader",), "签发", approves=True, gated=True, condition="no_principal"),
    ("leader", "approve"): Move("principal", ("leader",), "报主要领导", approves=True, gated=True, condition="principal"),
    ("principal", "sign"): Move("approved", ("leader",), "签发", approves=True, gated=True, condition="other_leader"),
    ("approved", "publish"): Move("published", ("spokesperson", "leader"), "发布", gated=True),
    ("published", "withdraw"): Move("withdrawn", ("leader",), "撤回已发布内容", reason=True),
    ("approved", "return"): Move("returned", ("leader",), "退回", reason=True),
    **{(state, "return"): Move("returned", roles, "退回", reason=True) for state, roles in _BACK.items()},
    **{(s, "withdraw"): Move("withdrawn", WRITERS, "撤稿", reason=True, condition="author")
       for s in ("draft", "returned", *OPEN, "approved")},
}  # fmt: skip
"""(state, move) → what it leads to, who may, and under which conditions. There is no other way from state to state but an edit."""
