from __future__ import annotations

import pytest

from huiyin.document import Place
from nlp.stages import places


def test_a_chain_of_names_is_one_place() -> None:
    assert places.find("湖南省长沙市岳麓区一小区起火") == (Place("岳麓区", "湖南省", "长沙市", "岳麓区"),)


@pytest.mark.parametrize(
    ("text", "name", "province"),
    [
        ("武汉暴雨", "武汉市", "湖北省"),
        ("北京今天下雪", "北京市", "北京市"),
        ("内蒙古多地沙尘", "内蒙古自治区", "内蒙古自治区"),
        ("义乌市场", "义乌市", "浙江省"),
        ("吉林下雪", "吉林省", "吉林省"),
        ("恩施山洪", "恩施土家族苗族自治州", "湖北省"),
    ],
)
def test_short_names(text: str, name: str, province: str) -> None:
    (place,) = places.find(text)
    assert (place.name, place.province) == (name, province)


@pytest.mark.parametrize(
    ("text", "province", "city"),
    [
        ("南京的鼓楼区", "江苏省", "南京市"),
        ("徐州市鼓楼区", "江苏省", "徐州市"),
        ("福州鼓楼区", "福建省", "福州市"),
        ("北京朝阳区", "北京市", "北京市"),
    ],
)
def test_a_shared_name_goes_to_the_city_that_the_text_names(text: str, province: str, city: str) -> None:
    county = places.find(text)[-1]
    assert (county.province, county.city) == (province, city)


def test_a_shared_name_without_a_city_is_not_guessed() -> None:
    assert places.find("鼓楼区一工地停工") == (Place("鼓楼区", "", "", "鼓楼区"),)


@pytest.mark.parametrize(
    "text",
    [
        "朝阳产业前景好",
        "南京路上好八连",
        "长治久安",
        "世界大同",
        "新城区建设提速",
        "日照充足",
        "",
        "a" * 5000,
    ],
)
def test_common_words_are_no_places(text: str) -> None:
    assert places.find(text) == ()


def test_stand_ins_of_anonymised_messages() -> None:
    assert [p.name for p in places.find("A市A3区的居民和B3县、M1区，西地省")] == [
        "A市",
        "A3区",
        "B3县",
        "M1区",
        "西地省",
    ]
    assert places.find("云江市自来水有异味")[0].city == "云江市"


def test_every_county_of_the_table_knows_its_province() -> None:
    assert places.known("岳麓区") == (Place("岳麓区", "湖南省", "长沙市", "岳麓区"),)
    assert len(places.known("朝阳区")) > 1
    assert places.known("无此区") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("深圳市龙华区停电", Place("龙华区", "广东省", "深圳市", "龙华区")),
        ("云江市望江区停水", Place("望江区", "", "云江市", "望江区")),
    ],
)
def test_a_district_younger_than_the_table_belongs_to_the_city_before_it(text: str, expected: Place) -> None:
    assert places.find(text) == (expected,)


def test_a_quarter_after_a_city_is_no_district() -> None:
    assert [place.name for place in places.find("武汉市小区停电，长沙市城区限行，长沙市社区")] == [
        "武汉市",
        "长沙市",
    ]
