"""The first steps and the hints, through the real application."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_city import HOSTILE, City, words
from flask import render_template

from huiyin.records import Preference, Source

sys.path.append(str(Path(__file__).resolve().parent.parent / "response_kits"))
from receivers import web


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def test_each_step_can_be_skipped_and_taken_up_again(city: City) -> None:
    browser = city.client("root")
    assert words(browser.get("/welcome")).count("未完成") == 4  # people of every role are there
    for key in ("office", "watch", "sources", "channels"):
        browser.post("/welcome/step", step=key, act="skip")
    page = words(browser.get("/welcome"))
    assert "未完成" not in page
    browser.post("/welcome/step", step="watch", act="again")
    assert words(browser.get("/welcome")).count("未完成") == 1
    browser.post("/welcome/step", 400, step="nonsense", act="skip")
    city.client("zhang").post("/welcome/step", 403, step="watch", act="skip")


def test_what_is_set_elsewhere_counts_as_done(city: City) -> None:
    with city.session() as session:
        session.get_one(Source, "forum").enabled = True
    city.app.extensions["huiyin"].settings = dataclasses.replace(
        city.settings, organisation="白石县新闻办", region="白石县"
    )
    page = words(city.client("root").get("/welcome"))
    assert "白石县新闻办" in page
    assert page.count("✓ 已完成") == 3


def test_what_is_watched_is_kept_and_leads_to_its_issues(city: City) -> None:
    browser = city.client("zhang")
    browser.post("/welcome/watch", topic="education", place="云江市", more=f"南河镇、{HOSTILE[:8]}，西岭")
    with city.session() as session:
        kept = session.get_one(Preference, "watch").value
    assert kept["topics"] == ["education"]
    assert kept["places"][:2] == ["云江市", "南河镇"]
    assert "西岭" in kept["places"]
    page = browser.get("/welcome")
    assert "/issues?topic=education" in page
    assert "<script>南" not in page
    assert "只看关注的领域和地区" in browser.get("/alerts")
    city.client("wang").post("/welcome/watch", 403, topic="education")


def test_a_test_message_says_how_each_channel_answered(city: City, tmp_path: Path) -> None:
    browser = city.client("root")
    browser.post("/welcome/channels", 400)
    with web() as receiver:
        (tmp_path / "good.txt").write_text(f"{receiver.base}/ok?key=s3cret", "utf-8")
        (tmp_path / "bad.txt").write_text("http://127.0.0.1:9/no?key=s3cret", "utf-8")
        city.app.extensions["huiyin"].settings = dataclasses.replace(
            city.settings, alert_channels=f"wecom={tmp_path / 'good.txt'},webhook={tmp_path / 'bad.txt'}"
        )
        page = browser.post("/welcome/channels", 200).text
    said = words(page)
    assert "wecom： ✓ 已送达" in said
    assert "webhook： ✕ 没有送达" in said
    assert "s3cret" not in page
    assert "测试" in receiver.bodies()[0]["text"]["content"]


def test_a_wrong_setting_is_shown_not_thrown(city: City) -> None:
    city.app.extensions["huiyin"].settings = dataclasses.replace(city.settings, alert_channels="sms=/x")
    assert "sms" in city.client("root").get("/welcome")
    assert "sms" in city.client("root").get("/alerts")


def test_hints_are_dismissed_by_each_person(city: City) -> None:
    zhang, li = city.client("zhang"), city.client("li")
    assert "看看示例城市" not in zhang.get("/welcome")  # no sample city, no hints
    with city.session() as session:
        session.add(Source(name="sample-forum", title="x", sample=True))
    assert zhang.get("/welcome").count("知道了：") == 6
    zhang.post("/welcome/hints", hint="issues")
    assert zhang.get("/welcome").count("知道了：") == 5
    assert zhang.post("/welcome/hints", hint="home", back="page").headers["Location"] == "/"
    zhang.post("/welcome/hints", hint="nonsense")
    assert zhang.get("/welcome").count("知道了：") == 4
    assert li.get("/welcome").count("知道了：") == 6
    zhang.post("/welcome/hints", hint="all")
    assert "提示都看过了" in zhang.get("/welcome")
    zhang.post("/welcome/hints", hint="again")
    assert zhang.get("/welcome").count("知道了：") == 6


def test_the_hint_of_a_page_is_that_page_s(city: City) -> None:
    with city.session() as session:
        session.add(Source(name="sample-forum", title="x", sample=True))
    seen: list[str] = []
    view = city.app.view_functions["issues.index"]

    def with_hint(**parts: object) -> str:
        seen.append(render_template("welcome/_hint.html"))
        return str(view(**parts))

    with_hint.roles = view.roles  # type: ignore[attr-defined]
    city.app.view_functions["issues.index"] = with_hint
    city.client("zhang").get("/issues")
    assert "再看事件" in seen[0]
    city.client("zhang").post("/welcome/hints", hint="issues")
    city.client("zhang").get("/issues")
    assert seen[1].strip() == ""
