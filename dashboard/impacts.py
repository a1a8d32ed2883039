"""Records of personal information protection impact assessments (个人信息保护法第五十五、五十六条): written, approved, looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Impact
from huiyin.records.audit import append
from huiyin.records.privacy import RISKS
from huiyin.settings import Settings

FIELDS = {
    "title": "名称", "scope": "处理活动或来源", "purpose": "处理目的", "data_kinds": "个人信息的种类", "legal_basis": "合法性依据",
    "necessity": "必要性", "risks": "对个人权益的影响和安全风险", "measures": "保护措施及其与风险的相称",
}  # fmt: skip
NEEDED = ("title", "purpose", "legal_basis", "necessity", "risks", "measures")
AGAIN = timedelta(days=365)
"""An approved assessment is looked at again after a year, or when the processing changes."""


def proposal(settings: Settings, days: Mapping[str, int]) -> dict[str, str]:
    """Words to begin with: what the system does by itself. Risk and judgement are left to a person."""
    spans = sorted(set(days.values()) | {settings.retention_days})
    kept = f"{spans[0]} 天" if len(spans) == 1 else f"{spans[0]} 至 {spans[-1]} 天（按来源分别设定）"
    second = "指定角色登录须两步验证；" if settings.second_factor_roles else ""
    return {
        "title": f"{settings.region}公开舆情信息监测个人信息保护影响评估", "scope": "已启用的全部来源", "purpose": "发现与本单位职责有关的公众关切，及时核实并公开回应。",
        "data_kinds": "公开发布的文字及其发布时间、网址；作者代号（由名称经密钥计算得出，不能还原）；所在省份。不采集私密信息，不建立个人档案。",
        "legal_basis": "", "necessity": "",
        "risks": "",
        "measures": (
            "作者名称在入库前替换为代号，密钥定期更换；手机号、身份证号、银行账号入库前遮盖；地点只保留到省；"
            f"内容保存 {kept}，到期自动删除；查看和导出逐次留痕，记录保存 {settings.access_log_days} 天；按角色授权，{second}"
            "受理删除和不再采集的申请，恢复备份后重新执行删除。"
        ),
    }  # fmt: skip


def save(
    session: Session,
    number: int | None,
    values: Mapping[str, str],
    risk: str,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Impact:
    """Add a record, or change one that is not approved. Raises UsageError, NotFound, Conflict."""
    missing = [FIELDS[name] for name in NEEDED if not values.get(name, "").strip()]
    if missing:
        raise UsageError(f"请填写：{'、'.join(missing)}。")
    if risk not in RISKS:
        raise UsageError("请选择评估结论中的风险等级。")
    row = session.get(Impact, number) if number is not None else Impact(by=by, at=now)
    if row is None:
        raise NotFound("没有这份评估记录。")
    if row.approved_at is not None:
        raise Conflict("这份评估已经批准，不能修改；处理活动有变化时，请另写一份。")
    if number is not None and row.version != version:
        raise Conflict("您打开页面之后，别人先保存了修改。您的修改没有保存；请复制您的文字，刷新页面后再改。")
    for name in FIELDS:
        setattr(row, name, values.get(name, "").strip())
    row.risk = risk
    session.add(row)
    session.flush()
    append(session, by, "impact-save", f"impact:{row.id}", {"title": row.title, "risk": risk})
    return row


def approve(session: Session, row: Impact, *, by: str, now: datetime) -> None:
    """Another person approves. Raises Conflict for one's own, or one that is approved."""
    if row.approved_at is not None:
        raise Conflict("这份评估已经批准。")
    if row.by == by:
        raise Conflict("不能批准自己撰写的评估；请由另一位领导批准。")
    row.approved_by, row.approved_at, row.review_due = by, now, now + AGAIN
    append(session, by, "impact-approve", f"impact:{row.id}", {"title": row.title})
