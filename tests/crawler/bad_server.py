"""A real HTTP server that misbehaves on purpose: each path is one fault. Raw sockets, so that nothing corrects it."""

from __future__ import annotations

import gzip
import random
import socket
import socketserver
import struct
import threading
import time
from collections import Counter

TEXT = (
    "昨日晚间，市民反映东湖街道多个小区出现停水情况。记者从市供水公司了解到，停水原因是主干管网突发爆裂，抢修人员已经赶到现场。"
    "供水公司表示，预计今天上午九时恢复供水，期间安排了六辆送水车到小区门口。市住房城乡建设局要求各区对老旧管网开展排查，并及时公布结果。"
)


def article(number: int, fault: str = "", text: str = TEXT) -> str:
    """A notice like no other of the drill: most of its words come from fault and number."""
    chance = random.Random(f"{fault}/{number}")
    words = ["".join(chance.choice(TEXT) for _ in range(60)) for _ in range(4)]
    body = "".join(f"<p>{word}，{word[::-1]}。</p>" for word in words)
    return (
        f"<html><head><title>第{number}号通告：东湖街道停水抢修进展</title></head><body><h1>第{number}号通告：东湖街道停水抢修进展</h1>"
        f"<div class=info>发布时间：2026-11-2{number % 4} 0{number % 9}:30 来源：云江网</div><div class=content><p>{text}</p>{body}</div></body></html>"
    )


def listing(fault: str, count: int = 3) -> str:
    links = "".join(
        f'<li><a class=item href="/{fault}/article/{n}.html">第{n}号通告：东湖街道停水抢修进展</a></li>'
        for n in range(count)
    )
    return f"<html><head><title>通告列表</title></head><body><ul>{links}</ul></body></html>"


def feed(fault: str, count: int = 3) -> str:
    items = "".join(
        f"<item><title>第{n}号通告</title><link>http://HOST/{fault}/article/{n}.html</link><guid>{n}</guid><pubDate>Mon, 23 Nov 2026 0{n}:00:00 +0800</pubDate></item>"
        for n in range(count)
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>通告</title>{items}</channel></rss>'


class Handler(socketserver.BaseRequestHandler):
    """One connection, one request, then closed."""

    server: BadServer

    def handle(self) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.request.recv(4096)
            if not part:
                return
            data += part
        head = data.decode("latin-1")
        path = head.split(" ")[1]
        host = next((line[6:].strip() for line in head.split("\r\n") if line.lower().startswith("host:")), "")
        self.server.hits[f"{host}{path}"] += 1
        fault = path.strip("/").split("/")[0]
        if path == "/robots.txt":
            fault = self.server.robots.get(host.split(":")[0], "no-robots")
        try:
            if self.server.healthy and fault not in ("no-robots",):
                self._healthy(path, fault, host)
            else:
                getattr(self, "do_" + fault.replace("-", "_"), self.do_good)(path, host)
        except (BrokenPipeError, ConnectionResetError):
            return  # the crawler hung up, which is what most faults are for

    # ---- sending -------------------------------------------------------------------------------------------------

    def send(
        self,
        body: bytes | str,
        status: str = "200 OK",
        kind: str = "text/html; charset=utf-8",
        **headers: str,
    ) -> None:
        raw = body.encode() if isinstance(body, str) else body
        lines = [
            f"HTTP/1.1 {status}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(raw)}",
            "Connection: close",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.request.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw)

    def _healthy(self, path: str, fault: str, host: str) -> None:
        if path == "/robots.txt":
            self.send("User-agent: *\nAllow: /\n", kind="text/plain")
        elif "/article/" in path:
            self.send(article(int(path.rsplit("/", 1)[1].split(".")[0]), fault))
        elif path.endswith(".xml"):
            self.send(feed(fault).replace("HOST", host), kind="application/rss+xml")
        elif path.endswith(".json"):
            self.send(
                '{"ok": 1, "rows": [{"id": "1", "text": "今天东湖街道停水了，谁知道什么时候来水"}]}',
                kind="application/json",
            )
        else:
            self.send(listing(fault))

    # ---- faults --------------------------------------------------------------------------------------------------

    def do_good(self, path: str, host: str) -> None:
        self._healthy(path, path.strip("/").split("/")[0], host)

    def do_no_robots(self, path: str, host: str) -> None:
        self.send("", "404 Not Found")

    def do_robots_closed(self, path: str, host: str) -> None:
        self.send("User-agent: *\nDisallow: /\n", kind="text/plain")

    def do_robots_500(self, path: str, host: str) -> None:
        self.send("", "500 Internal Server Error")

    def do_hang(self, path: str, host: str) -> None:
        self.server.stop.wait(20)

    def do_reset(self, path: str, host: str) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()

    def do_redirects(self, path: str, host: str) -> None:
        self.send("", "302 Found", Location=f"http://{host}/redirects/{time.monotonic_ns()}")

    def do_endless(self, path: str, host: str) -> None:
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not self.server.stop.is_set():
            self.request.sendall(b"<p>" + b"x" * 65_000)

    def do_bomb(self, path: str, host: str) -> None:
        self.send(self.server.bomb, Content_Encoding="gzip")

    def do_charset(self, path: str, host: str) -> None:
        page = article(1, "charset") if "/article/" in path else listing("charset", 1)
        self.send(page.encode("gb18030"), kind="text/html; charset=utf-8")

    def do_half(self, path: str, host: str) -> None:
        self.request.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n"
            + listing("half").encode()
        )

    def do_unasked_304(self, path: str, host: str) -> None:
        self.send("", "304 Not Modified")

    def do_error_page(self, path: str, host: str) -> None:
        self.send("<html><head><title>系统错误</title></head><body>您访问的页面不存在或已删除</body></html>")

    def do_to_private(self, path: str, host: str) -> None:
        self.send("", "302 Found", Location="http://10.1.2.3/latest/meta-data/")

    def do_to_file(self, path: str, host: str) -> None:
        self.send("", "302 Found", Location="file:///etc/passwd")

    def do_xml_bomb(self, path: str, host: str) -> None:
        levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
        self.send(
            f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">{levels}]><rss version="2.0"><channel><title>&a8;</title></channel></rss>',
            kind="text/xml",
        )

    def do_header(self, path: str, host: str) -> None:
        self.send(listing("header"), X_Huge="x" * 200_000)

    def do_empty_feed(self, path: str, host: str) -> None:
        self.send(feed("empty-feed", 0), kind="application/rss+xml")

    def do_empty_list(self, path: str, host: str) -> None:
        self.send("<html><head><title>通告</title></head><body><div class=list>暂无数据</div></body></html>")

    def do_malformed_feed(self, path: str, host: str) -> None:
        self.send(
            "<?xml version='1.0'?><rss version='2.0'><channel><title>通告</tit", kind="application/rss+xml"
        )

    def do_401(self, path: str, host: str) -> None:
        self.send("", "401 Unauthorized")

    def do_403(self, path: str, host: str) -> None:
        self.send("<html>Forbidden</html>", "403 Forbidden")

    def do_418(self, path: str, host: str) -> None:
        self.send("", "418 I'm a teapot")

    def do_429(self, path: str, host: str) -> None:
        self.send("", "429 Too Many Requests", Retry_After="3600")

    def do_article_429(self, path: str, host: str) -> None:
        if "/article/" in path:
            self.send("", "429 Too Many Requests")
        else:
            self.send(listing("article-429"))

    def do_captcha(self, path: str, host: str) -> None:
        self.send(
            "<html><head><title>安全验证</title></head><body>请完成下方滑动验证后继续访问<div id=geetest></div></body></html>"
        )

    def do_500(self, path: str, host: str) -> None:
        self.send("<h1>500</h1>", "500 Internal Server Error")

    def do_wrong_type(self, path: str, host: str) -> None:
        if path.endswith(".xml"):
            self.send(feed("wrong-type").replace("HOST", host), kind="image/png")
        else:
            self._healthy(path, "wrong-type", host)

    def do_drip(self, path: str, host: str) -> None:
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
        while not self.server.stop.wait(0.2):
            self.request.sendall(b"x")

    def do_twins(self, path: str, host: str) -> None:
        self.send(article(1, "twins") if "/article/" in path else listing("twins", 4))

    def do_gbk_feed(self, path: str, host: str) -> None:
        if path.endswith(".xml"):
            text = feed("gbk-feed").replace("HOST", host).replace('encoding="utf-8"', 'encoding="gb2312"')
            self.send(text.encode("gb18030"), kind="text/xml")
        else:
            self._healthy(path, "gbk-feed", host)

    def do_loop(self, path: str, host: str) -> None:
        self.send(
            listing("loop", 1).replace("</ul>", '</ul><a class=next href="deeper/">下一页</a>')
            if "/article/" not in path
            else article(1, "loop")
        )

    def do_moved_markup(self, path: str, host: str) -> None:
        self.send(
            "<html><head><title>新版网站</title></head><body><section><b onclick='open(1)'>通告一</b>"
            + "<p>欢迎访问</p>" * 50
            + "</section></body></html>"
        )

    def do_deep(self, path: str, host: str) -> None:
        self._nested("deep", 150, path)

    def do_abyss(self, path: str, host: str) -> None:
        self._nested("abyss", 20_000, path)

    def _nested(self, fault: str, depth: int, path: str) -> None:
        page = article(1, fault) if "/article/" in path else listing(fault, 1)
        self.send("<html><body>" + "<div>" * (depth if "/article/" in path else 100) + page)

    def do_gone(self, path: str, host: str) -> None:
        self.send("", "404 Not Found") if "/article/" in path else self.send(listing("gone"))

    def do_no_text(self, path: str, host: str) -> None:
        self.send(
            "<html><head><title>通告</title></head><body><script>render()</script></body></html>"
            if "/article/" in path
            else listing("no-text")
        )

    def do_api_html(self, path: str, host: str) -> None:
        self.send("<html><head><title>网站首页</title></head><body>" + "<p>欢迎</p>" * 200 + "</body></html>")

    def do_api_error(self, path: str, host: str) -> None:
        self.send('{"ok": 0, "msg": "param error"}', kind="application/json")

    def do_api_changed(self, path: str, host: str) -> None:
        self.send('{"ok": 1, "rows": [{"no": "1", "words": "改了名字的字段"}]}', kind="application/json")

    def do_binary(self, path: str, host: str) -> None:
        self.send(bytes(range(256)) * 200 if "/article/" in path else listing("binary"))

    def do_cut_gzip(self, path: str, host: str) -> None:
        whole = listing("cut-gzip") if "/article/" not in path else article(1, "cut-gzip")
        self.send(gzip.compress(whole.encode())[:-20], Content_Encoding="gzip")


class BadServer(socketserver.ThreadingTCPServer):
    """Listens on all of 127.0.0.0/8, so that every source can have a host of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), Handler)
        self.stop = threading.Event()
        self.healthy = False
        self.bomb = gzip.compress(b"<p>" + b"0" * 30_000_000, 1)
        self.robots: dict[str, str] = {}
        self.hits: Counter[str] = Counter()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.stop.set()
        self.shutdown()
        self.server_close()
