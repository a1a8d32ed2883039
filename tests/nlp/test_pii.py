"""Personal data. Every number here is made up; those with check digits are built to be valid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.stages import pii

ID = "11010519491231002X"  # the example of GB 11643
CARD = "6222021234567890128"


def kinds(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end in pii.find(text)]


def _with_check(card: str) -> str:
    return next(card + digit for digit in "0123456789" if pii.luhn_valid(card + digit))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话13912345678，请回电", [("phone", "13912345678")]),
        ("打139 1234 5678找我", [("phone", "139 1234 5678")]),
        ("座机0731-84123456", [("phone", "0731-84123456")]),
        (f"身份证{ID}。", [("id_card", ID)]),
        ("车牌湘A12345逆行", [("plate", "湘A12345")]),
        ("新能源车粤BD12345占道", [("plate", "粤BD12345")]),
        ("邮箱zhang.san@example.com收", [("email", "zhang.san@example.com")]),
        ("加QQ：123456789", [("qq", "123456789")]),
        ("微信号：zhang_san88", [("wechat", "zhang_san88")]),
        ("家住幸福小区3栋2单元501室", [("address", "幸福小区3栋2单元501室")]),
        ("电话１３９１２３４５６７８", [("phone", "１３９１２３４５６７８")]),
    ],
)
def test_finds(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text)[0][0] == expected[0][0]
    assert expected[0][1] in kinds(text)[0][1]
    assert len(kinds(text)) == 1


def test_check_digits_decide() -> None:
    card = _with_check(CARD[:-1])
    assert ("bank_card", card) in kinds(f"卡号{card}")
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert kinds(f"卡号{wrong}") == []
    assert kinds("编号110105194912310021") == []
    assert pii.id_card_valid(ID)
    assert not pii.id_card_valid("110105194912310021")


@pytest.mark.parametrize(
    "text",
    [
        "2015年10月1日",
        "共计123456789元",
        "订单20261124000001",
        "热线12345",
        "国办发〔2016〕80号",
        "北京路18号线开通",
        "A市A3区",
        "",
    ],
)
def test_leaves_other_numbers_alone(text: str) -> None:
    assert pii.find(text) == ()


def test_mask_keeps_the_length_and_hides_the_number() -> None:
    text = f"张某13912345678，{ID}"
    masked = pii.mask(text)
    assert masked == "张某139****5678，1" + "*" * 17
    assert len(masked) == len(text)


@given(st.text(max_size=200))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    end = 0
    for kind, start, stop in pii.find(text):
        assert kind in pii.KINDS
        assert end <= start < stop <= len(text)
        end = stop
