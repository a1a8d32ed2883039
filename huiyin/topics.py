"""The topic classes: key → Chinese name (docs/annotation.md says what each covers)."""

from __future__ import annotations

TOPICS = {
    "approval": "行政审批与政务服务", "enforcement": "行政处罚与执法", "finance": "财政资金与廉政", "land": "征地拆迁与土地",
    "housing": "住房保障与房产", "procurement": "政府采购与工程建设", "education": "教育招生", "research": "科技与项目经费",
    "health": "医疗卫生", "employment": "就业与劳动", "welfare": "社会保障与民政", "environment": "环境保护",
    "safety": "安全生产与事故灾难", "soe": "国有企业", "food_drug": "食品药品安全", "market": "市场秩序与信用",
    "disclosure": "信息公开", "urban": "城乡建设与交通", "order": "公共安全与社会治安", "other": "其他或非政务",
}  # fmt: skip
