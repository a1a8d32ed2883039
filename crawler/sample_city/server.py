"""The city's sites as one WSGI application, and a way to serve it on a local port."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup

from crawler.sample_city import api
from crawler.sample_city.build import build
from crawler.sample_city.clock import ZONE
from crawler.sample_city.model import City, Item
from huiyin.serving import Served

Clock = Callable[[], datetime]
LIST_SIZE = 20
FLOORS = 15
FEED_SIZE = 40
_SHELVES = {
    # path part: (place in the texts, channel name)
    "notice": ("notice", "通知公告"),
    "policy": ("policy", "政策文件"),
    "jiedu": ("policy", "政策解读"),
    "release": ("gov_atom", "政务发布"),
}
BOARDS = {
    "minsheng": "民生百态",
    "qinzi": "亲子教育",
    "fangchan": "房产业主",
    "zhichang": "职场社保",
    "xianliao": "灌水闲聊",
}


def create_app(city: City, clock: Clock | None = None) -> Flask:
    """The WSGI application. `clock` says what is out already (default: the city's own now, which stands still)."""
    app = Flask("crawler.sample_city", template_folder="templates", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["lines"] = lambda text: Markup("<br>\n").join(str(text).split("\n"))
    app.jinja_env.filters["rfc822"] = format_datetime
    app.jinja_env.globals["local"] = lambda at: at.astimezone(ZONE)
    app.jinja_env.autoescape = True
    until: Clock = clock or (lambda: city.now)
    _government(app, city, until)
    _paper(app, city, until)
    _forum(app, city, until)
    _feeds(app, city, until)
    api.routes(app, city, until)

    @app.after_request
    def tag(response: Response) -> Response:
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            response.add_etag()
            response.make_conditional(request)
        return response

    return app


def serve(port: int = 0, now: datetime | None = None, *, live: bool = False) -> tuple[Served, str]:
    """Serve the city built at `now` on 127.0.0.1 in a background thread; port 0 picks a free one.

    Returns the server (`server.close()` stops it) and its address without a closing slash. With `live`, texts
    with negative hours come out as real time passes. Raises OSError where the port is taken.
    """
    city = build(now)
    started = datetime.now(UTC)
    clock: Clock = (lambda: city.now + (datetime.now(UTC) - started)) if live else (lambda: city.now)
    server = Served(create_app(city, clock), port=port)
    return server, f"http://127.0.0.1:{server.port}"


def page_of(items: list[Item], number: int, size: int = LIST_SIZE) -> tuple[list[Item], int]:
    """Page `number` (from 1) and the count of pages; 404 where there is no such page."""
    pages = max(1, -(-len(items) // size))
    if not 1 <= number <= pages:
        abort(404)
    return items[(number - 1) * size : number * size], pages


def find(city: City, until: Clock) -> Item:
    """The document at the asked address, 404 where there is none or it is not out yet."""
    item = city.by_path.get(request.path)
    if item is None or item.published > until():
        abort(404)
    return item


def _related(city: City, item: Item, until: Clock) -> list[Item]:
    """Four other documents of the same place, so that pages carry the links that extraction must leave out."""
    others = [other for other in city.at(item.where, until()) if other.key != item.key]
    start = int(item.native) % max(1, len(others))
    return (others[start:] + others[:start])[:4]


def _government(app: Flask, city: City, until: Clock) -> None:
    def shelf_items(shelf: str) -> list[Item]:
        return [item for item in city.at(_SHELVES[shelf][0], until()) if f"/{shelf}/" in item.path]

    @app.get("/gov/")
    def gov_home() -> str:
        shelves = {name: (channel, shelf_items(name)[:6]) for name, (_, channel) in _SHELVES.items()}
        return render_template("gov_home.html", shelves=shelves)

    @app.get("/gov/<any(notice,policy,jiedu,release):shelf>/list_<int:number>.html")
    def gov_list(shelf: str, number: int) -> str:
        items, pages = page_of(shelf_items(shelf), number)
        return render_template(
            "gov_list.html", shelf=shelf, channel=_SHELVES[shelf][1], items=items, number=number, pages=pages
        )

    @app.get("/gov/<any(notice,policy,jiedu,release):shelf>/<int:native>.html")
    def gov_page(shelf: str, native: int) -> str:
        item = find(city, until)
        template = "gov_policy.html" if shelf == "policy" else "gov_page.html"
        return render_template(
            template, shelf=shelf, channel=_SHELVES[shelf][1], item=item, related=_related(city, item, until)
        )

    @app.get("/gov/mailbox/list_<int:number>.html")
    def mailbox_list(number: int) -> str:
        items, pages = page_of(city.at("mailbox", until()), number)
        return render_template("mailbox_list.html", items=items, number=number, pages=pages, until=until())

    @app.get("/gov/mailbox/<int:native>.html")
    def mailbox_page(native: int) -> str:
        return render_template("mailbox_page.html", item=find(city, until), until=until())


def _paper(app: Flask, city: City, until: Clock) -> None:
    @app.get("/paper/")
    def paper_home() -> Any:
        return redirect(url_for("paper_list", number=1))

    @app.get("/paper/list_<int:number>.html")
    def paper_list(number: int) -> str:
        items, pages = page_of(city.at("paper", until()), number)
        return render_template("paper_list.html", items=items, number=number, pages=pages)

    @app.get("/paper/content/<string:name>.html")
    def paper_page(name: str) -> Response:
        native, _, part = name.partition("_")
        item = city.by_path.get(f"/paper/content/{native}.html")
        if item is None or item.published > until():
            abort(404)
        parts = _parts(item)
        number = int(part) if part.isdigit() else 1
        if not 1 <= number <= len(parts) or (part and number == 1):
            abort(404)
        broken = item.attached.get("page") == "broken"
        html = render_template(
            "paper_broken.html" if broken else "paper_page.html",
            item=item, parts=parts, number=number, related=_related(city, item, until), gbk=item.attached.get("page") == "gbk",
        )  # fmt: skip
        if item.attached.get("page") == "gbk":
            # As an old press system does it: GBK bytes under a header that says UTF-8.
            return Response(html.encode("gb18030"), content_type="text/html; charset=utf-8")
        return Response(html)

    @app.get("/news/<int:native>.html")
    def news_page(native: int) -> str:
        item = find(city, until)
        return render_template("news_page.html", item=item, related=_related(city, item, until))


def _parts(item: Item) -> list[list[str]]:
    """Paragraphs by page: all on one, or halves where the article is marked as paged."""
    lines = item.paragraphs
    if item.attached.get("page") != "paged":
        return [lines]
    half = -(-len(lines) // 2)
    return [lines[:half], lines[half:]]


def _forum(app: Flask, city: City, until: Clock) -> None:
    @app.get("/forum/")
    def forum_home() -> str:
        return render_template("forum_home.html", boards=BOARDS, latest=city.at("forum", until())[:10])

    @app.get("/forum/b/<board>-<int:number>.html")
    def forum_board(board: str, number: int) -> str:
        if board not in BOARDS:
            abort(404)
        threads = [item for item in city.at("forum", until()) if item.board == board]
        items, pages = page_of(threads, number)
        return render_template(
            "forum_board.html", board=board, name=BOARDS[board], items=items, number=number, pages=pages
        )

    @app.get("/forum/t/<int:native>-<int:number>.html")
    def forum_thread(native: int, number: int) -> str:
        item = city.by_path.get(f"/forum/t/{native}-1.html")
        if item is None or item.published > until():
            abort(404)
        floors = [reply for reply in item.comments if reply.published <= until()]
        pages = max(1, -(-len(floors) // FLOORS))
        if not 1 <= number <= pages:
            abort(404)
        shown = list(enumerate(floors, 2))[(number - 1) * FLOORS : number * FLOORS]
        return render_template(
            "forum_thread.html", item=item, name=BOARDS[item.board], floors=shown, number=number, pages=pages
        )


def _feeds(app: Flask, city: City, until: Clock) -> None:
    def feed(template: str, where: str, kind: str) -> Response:
        items = city.at(where, until())[:FEED_SIZE]
        text = render_template(template, items=items, base=request.host_url.rstrip("/"), now=city.now)
        response = Response(text, content_type=f"{kind}; charset=utf-8")
        response.last_modified = items[0].published if items else city.now
        return response

    @app.get("/feeds/rss.xml")
    def rss() -> Response:
        return feed("rss.jinja", "news_rss", "application/rss+xml")

    @app.get("/feeds/atom.xml")
    def atom() -> Response:
        return feed("atom.jinja", "gov_atom", "application/atom+xml")

    @app.get("/sitemap.xml")
    def sitemap() -> Response:
        items = [
            item
            for item in city.out(until())
            if item.where in ("notice", "policy", "gov_atom", "paper", "news_rss")
        ]
        text = render_template("sitemap.jinja", items=items, base=request.host_url.rstrip("/"))
        return Response(text, content_type="application/xml; charset=utf-8")

    @app.get("/robots.txt")
    def robots() -> Response:
        lines = [
            "User-agent: *",
            "Disallow: /gov/internal/",
            "Disallow: /forum/member/",
            f"Sitemap: {request.host_url}sitemap.xml",
            "",
        ]
        return Response("\n".join(lines), content_type="text/plain; charset=utf-8")

    @app.get("/gov/internal/<path:name>")
    def internal(name: str) -> str:
        return f"<html><title>内部页面</title><p>robots.txt 不允许抓取本页（{len(name)}）。</p></html>"

    @app.get("/")
    def city_home() -> str:
        return render_template("home.html", count=len(city.out(until())), boards=BOARDS)
