"""The sample city: its texts, its clock, and every address it announces, asked over real HTTP."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

import crawler.sample_city
from crawler.sample_city import City, build, truth
from crawler.sample_city.build import WINDOW_HOURS, authored
from crawler.sample_city.clock import ZONE, moment_before
from crawler.sample_city.server import create_app, serve
from huiyin import jsonl
from huiyin.cli import main

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=ZONE)
STORIES = [f"s{number:02d}" for number in range(1, 13)]
FOLDER = Path(crawler.sample_city.__file__).parent


@pytest.fixture(scope="module")
def city() -> City:
    return build(NOW)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server, url = serve(0, NOW)
    yield url
    server.close()


@pytest.fixture(scope="module")
def client(city: City) -> Any:
    return create_app(city).test_client()


def get_json(client: Any, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.get_json()


def test_counts_and_stories(city: City) -> None:
    out = city.out()
    assert len(out) >= 1200
    written = Counter(
        item.story for item in out if not item.generated and item.where not in ("notice", "policy")
    )
    for story in STORIES:
        assert written[story] >= 45, (story, written[story])
    assert written["noise"] >= 80
    assert set(written) == {*STORIES, "noise"}


@pytest.mark.parametrize("hour", [3, 9, 23])
def test_times_lie_in_the_window(hour: int) -> None:
    now = NOW.replace(hour=hour)
    city = build(now)
    shown = [item for item in city.out() if item.where != "policy"]
    assert all(now - timedelta(hours=WINDOW_HOURS + 1) <= item.published <= now for item in shown)
    assert [item.published for item in shown] == sorted((item.published for item in shown), reverse=True)


def test_nights_are_quiet(city: City) -> None:
    hours = Counter(item.local.hour for item in city.out())
    assert sum(hours[hour] for hour in (1, 2, 3, 4)) * 5 < sum(hours[hour] for hour in (19, 20, 21, 22))


def test_waking_hours_keep_order_and_whole_days() -> None:
    moments = [moment_before(NOW, hours / 10) for hours in range(-100, 1000)]
    assert moments == sorted(moments, reverse=True)
    assert moment_before(NOW, 0) == NOW.astimezone(UTC)
    assert abs(moment_before(NOW, 72) - (NOW - timedelta(days=3))) <= timedelta(seconds=1)
    assert abs(moment_before(NOW, -48) - (NOW + timedelta(days=2))) <= timedelta(seconds=1)


def test_answers_and_reposts_come_after_what_they_answer(city: City) -> None:
    for item in city.items:
        if item.repost_of:
            assert item.published >= city.by_key[item.repost_of].published, item.key
        if item.reply:
            assert item.replied is not None, item.key
            assert item.replied > item.published, item.key


def test_a_shifted_clock_keeps_ids_and_moves_times() -> None:
    first, later = build(NOW), build(NOW + timedelta(days=9, hours=7))
    assert {item.key: (item.native, item.path) for item in first.items} == {
        item.key: (item.native, item.path) for item in later.items
    }
    assert len({item.path for item in first.items}) == len(first.items)
    assert len({(item.where, item.native) for item in first.items}) == len(first.items)
    assert all(later.by_key[item.key].published > item.published for item in first.items)


def test_placeholders_become_dates(city: City) -> None:
    assert not [
        item.key for item in city.items if re.search(r"\{[年日时分]", item.title + item.text + item.reply)
    ]
    fire = next(
        item
        for item in city.items
        if item.story == "s06"
        and item.where == "notice"
        and item.casualties == {"deaths": 4, "injured": 11, "missing": 0}
    )
    at = moment_before(NOW, 12.2).astimezone(ZONE)
    assert f"截至{at.month}月{at.day}日{at.hour}时" in fire.text


def test_the_fire_s_official_toll_rises(city: City) -> None:
    notices = [item for item in reversed(city.at("notice")) if item.story == "s06"]
    assert [(n.casualties or {}).get("deaths") for n in notices] == [1, 3, 4]
    assert [(n.casualties or {}).get("injured") for n in notices] == [7, 9, 11]


def test_each_story_is_written_text_by_text() -> None:
    """Distinct 8-grams among a story's texts: a template with nouns changed would fall far below."""
    texts: dict[str, list[str]] = {}
    for row in authored():
        texts.setdefault(row["story"], []).append(row["text"])
    for story, rows in texts.items():
        if story == "noise":
            continue
        grams = [text[i : i + 8] for text in rows for i in range(max(1, len(text) - 7))]
        assert len(set(grams)) / len(grams) > 0.9, story
        assert len(set(rows)) == len(rows), story


def test_reposts_carry_the_words_they_pass_on(city: City) -> None:
    made = [item for item in city.items if item.generated]
    quoting = [item for item in made if item.repost_of]
    assert len(made) > 300
    assert 0.1 < 1 - len(quoting) / len(made) < 0.5
    events = {row["key"]: row["event"] for row in truth(NOW).values()}
    assert all(events[item.key] == events[item.key.split("~")[0]] for item in made if item.key in events)
    assert len({event for key, event in events.items() if not key.startswith("s")}) > 60
    for item in quoting:
        parent = city.by_key[item.repost_of]
        assert item.text.endswith(f"//@{parent.author}:{parent.text}")
        assert item.story == parent.story


def test_rumours_are_in_the_library_and_facts_in_their_sources(city: City) -> None:
    library = {
        row["id"]
        for row in jsonl.rows(
            str(FOLDER / "rumours.jsonl"), need=("claim", "variants", "verdict", "rebuttal", "sources")
        )
    }
    assert {item.claim for item in city.items if item.claim} <= library
    assert all(item.claim for item in city.items if item.rumour)
    facts = list(
        jsonl.rows(
            str(FOLDER / "facts.jsonl"),
            need=("id", "story", "text", "value", "unit", "source", "as_of_hours"),
        )
    )
    assert {fact["story"] for fact in facts} == set(STORIES)
    for fact in facts:
        source = city.by_path[fact["source"]["path"]]
        assert source.title == fact["source"]["title"]
        assert fact["value"] == 0 or str(fact["value"]) in source.text, fact["id"]
    directory = json.loads((FOLDER / "directory.json").read_text("utf-8"))
    assert all(row["name"] and row["place"] and row["topics"] and row["phone"] for row in directory)


def test_policies_have_numbers_clauses_and_a_replaced_pair(city: City) -> None:
    policies = [item for item in city.at("policy") if item.attached.get("kind") != "interpretation"]
    assert len(policies) >= 8
    for item in policies:
        assert re.fullmatch(r"云\S+〔20\d\d〕\d+号", item.attached["number"]), item.key
        assert re.search(r"^(第.+?条|一、)", item.text, re.MULTILINE), item.key
    repealed = [item for item in policies if "废止" in item.attached["status"]]
    assert repealed
    assert any(repealed[0].attached["number"] in item.text for item in policies if item not in repealed)


def test_every_document_answers(client: Any, city: City) -> None:
    for item in city.out():
        if item.where != "weibo" or not item.generated:
            assert client.get(item.path).status_code == 200, item.path


@pytest.mark.parametrize(
    ("head", "link", "where"),
    [
        ("/gov/notice/list_{}.html", r'href="(/gov/notice/\d+\.html)"', "notice"),
        ("/gov/mailbox/list_{}.html", r'href="(/gov/mailbox/\d+\.html)"', "mailbox"),
        ("/paper/list_{}.html", r'href="(/paper/content/\d+\.html)"', "paper"),
    ],
)
def test_lists_page_through_all(client: Any, city: City, head: str, link: str, where: str) -> None:
    found: list[str] = []
    number = 1
    while True:
        html = client.get(head.format(number)).get_data(as_text=True)
        found += re.findall(link, html)
        if 'class="next"' not in html:
            break
        number += 1
    assert sorted(found) == sorted(item.path for item in city.at(where))
    assert client.get(head.format(number + 1)).status_code == 404


def test_forum_boards_and_floors(client: Any, city: City) -> None:
    found: set[str] = set()
    for board in ("minsheng", "qinzi", "fangchan", "zhichang", "xianliao"):
        number = 1
        while (response := client.get(f"/forum/b/{board}-{number}.html")).status_code == 200:
            found |= set(re.findall(r'class="xst" href="([^"]+)"', response.get_data(as_text=True)))
            number += 1
    assert found == {item.path for item in city.at("forum")}
    longest = max(city.at("forum"), key=lambda item: sum(reply.published <= NOW for reply in item.comments))
    html = client.get(longest.path).get_data(as_text=True)
    assert html.count('class="post"') == 1 + min(
        15, sum(reply.published <= NOW for reply in longest.comments)
    )
    assert "楼主" in html
    second = client.get(longest.path.replace("-1.html", "-2.html")).get_data(as_text=True)
    assert "16楼" in html
    assert "17楼" in second
    assert "楼主" not in second


def test_the_gbk_page_lies_about_its_charset(address: str, city: City) -> None:
    item = next(item for item in city.at("paper") if item.attached.get("page") == "gbk")
    with urllib.request.urlopen(address + item.path) as response:
        body, kind = response.read(), response.headers["Content-Type"]
    assert kind == "text/html; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    assert item.title in body.decode("gb18030")


def test_the_paged_article_has_two_pages(client: Any, city: City) -> None:
    item = next(item for item in city.at("paper") if item.attached.get("page") == "paged")
    first = client.get(item.path).get_data(as_text=True)
    (link,) = re.findall(r'class="next" href="([^"]+)"', first)
    second = client.get(link).get_data(as_text=True)
    assert item.paragraphs[0] in first
    assert item.paragraphs[0] not in second
    assert item.paragraphs[-1] in second


def test_microblogs_walk_by_cursor(client: Any, city: City) -> None:
    seen: list[str] = []
    cursor = "0"
    while True:
        data = get_json(client, f"/weibo/api/statuses?count=50&cursor={cursor}")["data"]
        seen += [row["id"] for row in data["statuses"]]
        cursor = data["next_cursor"]
        if cursor == "0":
            break
    assert seen == [item.native for item in city.at("weibo")]
    repost = next(item for item in city.at("weibo") if item.repost_of)
    rows = get_json(client, "/weibo/api/statuses?count=1&q=" + urllib.request.quote(repost.text[:60]))[
        "data"
    ]["statuses"]  # type: ignore[attr-defined]
    assert rows[0]["retweeted_status"]["id"] == city.by_key[repost.repost_of].native
    assert datetime.strptime(rows[0]["created_at"], "%a %b %d %H:%M:%S %z %Y").tzinfo is not None
    assert client.get("/weibo/api/statuses?cursor=77").status_code == 400
    assert client.get("/weibo/api/comments?id=77").status_code == 404


def test_comments_and_videos(client: Any, city: City) -> None:
    item = next(item for item in reversed(city.at("weibo")) if len(item.comments) > 20)
    first = get_json(client, f"/weibo/api/comments?id={item.native}")["data"]
    rest = get_json(client, f"/weibo/api/comments?id={item.native}&cursor={first['next_cursor']}")["data"]
    assert rest["next_cursor"] == "0"
    assert [row["text"] for row in first["comments"] + rest["comments"]] == [
        reply.text for reply in item.comments
    ]
    listed = get_json(client, "/video/api/list?count=50")["aweme_list"]
    assert all(isinstance(row["create_time"], int) and row["author"]["nickname"] for row in listed)
    assert get_json(client, f"/video/api/comments?aweme_id={listed[-1]['aweme_id']}")["status_code"] == 0


def test_hot_list_is_ranked(client: Any) -> None:
    rows = get_json(client, "/hot/api/list")["data"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["hot"] for row in rows] == sorted((row["hot"] for row in rows), reverse=True)
    assert len(rows) >= 4


def test_feeds_parse_and_answer_304(address: str) -> None:
    for path in ("/feeds/rss.xml", "/feeds/atom.xml"):
        with urllib.request.urlopen(address + path) as response:
            feed, tag, modified = (
                feedparser.parse(response.read()),
                response.headers["ETag"],
                response.headers["Last-Modified"],
            )
        assert not feed.bozo
        assert len(feed.entries) > 10
        assert modified
        request = urllib.request.Request(address + path, headers={"If-None-Match": tag})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert caught.value.code == 304
        caught.value.close()
        with urllib.request.urlopen(feed.entries[0].link) as page:
            assert page.status == 200


def test_robots_and_sitemap(client: Any) -> None:
    robots = client.get("/robots.txt").get_data(as_text=True)
    assert "Disallow: /gov/internal/" in robots
    links = re.findall(r"<loc>http://[^/]+([^<]+)</loc>", client.get("/sitemap.xml").get_data(as_text=True))
    assert len(links) > 60
    assert all(client.get(link).status_code == 200 for link in links)


def test_live_texts_come_out_with_the_clock(city: City) -> None:
    coming = [
        item
        for item in city.items
        if item.published > city.now and item.where == "weibo" and not item.generated
    ]
    assert coming
    first = coming[-1]
    assert create_app(city).test_client().get(first.path).status_code == 404
    later = create_app(city, lambda: first.published).test_client()
    assert later.get(first.path).status_code == 200


def test_truth_by_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert (
        main(["--home", str(tmp_path), "sample", "truth", "--now", NOW.isoformat(), "--base", "http://x"])
        == 0
    )
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    known = truth(NOW, "http://x")
    assert {row.pop("url"): row for row in rows} == known
    assert any(row["rumour"] and row["claim"] == "s01-death" for row in known.values())
    assert main(["sample", "truth", "--now", "yesterday"]) == 2
