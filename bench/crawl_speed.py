"""Crawl speed against a local site: ours, whole (robots, extraction, folding, record on disk), and plain Scrapy with trafilatura alone.

    python bench/crawl_speed.py [--pages 600] [--rounds 3] [--folder SAVED_PAGES]

Both run in processes of their own, in turn, against the same server; the ratio of the medians counts. Plain Scrapy has its
defaults and stores nothing. The pages are made up from the sample city's texts, or are the HTML files of --folder.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socketserver
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

PLAIN = """
import json, sys, time
import scrapy, trafilatura
from scrapy.crawler import AsyncCrawlerProcess
found, spent = [], []
class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [sys.argv[1] + "/list"]
    def parse(self, response):
        for href in response.css("a.item::attr(href)").getall():
            yield response.follow(href, self.article)
    def article(self, response):
        at = time.thread_time()
        found.append(trafilatura.extract(response.body, with_metadata=True))
        spent.append(time.thread_time() - at)
process = AsyncCrawlerProcess({"LOG_ENABLED": False, "TWISTED_REACTOR_ENABLED": False})
process.crawl(Plain)
began = time.perf_counter()
process.start()
print(json.dumps({"pages": sum(text is not None for text in found), "seconds": time.perf_counter() - began, "parsing": sum(spent) / time.process_time()}))
"""
OURS = """
import json, sys, time
from crawler import switch
from crawler.spiders import pages
from crawler.run import crawl
from huiyin import settings as settings_module
from huiyin.records import Record
spent, read = [], pages.extract
def timed(*args, **options):
    at = time.thread_time()
    try:
        return read(*args, **options)
    finally:
        spent.append(time.thread_time() - at)
pages.extract = timed
settings = settings_module.load(home=sys.argv[2], allow_private=sys.argv[1].removeprefix("http://"), environ={})
record = Record.open(settings)
switch.add(record, "bench", {"title": "bench", "kind": "site", "start": [sys.argv[1] + "/list"], "legal_basis": "bench", "delay": 0.0,
    "concurrency": 2, "max_requests": 100000, "list": {"links": "a.item"}}, by="bench")
switch.enable(record, "bench", by="bench")
began = time.perf_counter()
(result,) = crawl(settings, ["bench"], record=record)
print(json.dumps({"pages": result.new + result.duplicate, "seconds": time.perf_counter() - began, "parsing": sum(spent) / time.process_time(), "state": result.state, "filtered": result.filtered}))
"""


def made_pages(count: int) -> list[bytes]:
    """Articles of about 800 characters in the frame of a news site."""
    from crawler.sample_city import build

    chance = random.Random(4)
    texts = [item.text for item in build().items if len(item.text) > 60]
    menu = "".join(f'<li><a href="/c/{n}">栏目{n}</a></li>' for n in range(40))
    pages = []
    for number in range(count):
        lines: list[str] = []
        while sum(map(len, lines)) < 800:
            lines.append(chance.choice(texts).replace("\n", "。"))
        body = "".join(f"<p>　　{line}</p>" for line in lines)
        title = f"第{number}条：{lines[0][:20]}"
        pages.append(
            f"<html><head><meta charset=utf-8><title>{title}_本地新闻网</title></head><body><ul class=menu>{menu}</ul><h1>{title}</h1>"
            f"<div class=info>2026-11-{1 + number % 23:02d} 09:30 来源：本地新闻网</div><div class=content>{body}</div><div class=foot>版权所有</div></body></html>".encode()
        )
    return pages


def serve(pages: list[bytes], port: multiprocessing.Queue[int]) -> None:
    """Serve the pages and a list of them, until killed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/list":
                body = "".join(
                    f'<a class=item href="/a/{n}.html">第{n}条新闻的标题</a>' for n in range(len(pages))
                ).encode()
            elif self.path.startswith("/a/"):
                body = pages[int(self.path[3:-5])]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    port.put(server.server_address[1])
    server.serve_forever()


def measure(script: str, *arguments: str) -> dict[str, float]:
    """Run one crawl in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default="")
    args = parser.parse_args()
    pages = (
        [file.read_bytes() for file in sorted(Path(args.folder).glob("*.html"))]
        if args.folder
        else made_pages(args.pages)
    )
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(pages, port), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{port.get(timeout=30)}"
    speeds: dict[str, list[float]] = {"plain Scrapy + trafilatura": [], "huiyin, whole": []}
    shares: dict[str, list[float]] = {name: [] for name in speeds}
    for _ in range(args.rounds):
        time.sleep(0.2)
        plain = measure(PLAIN, base)
        with tempfile.TemporaryDirectory() as home:
            ours = measure(OURS, base, home)
        speeds["plain Scrapy + trafilatura"].append(len(pages) / plain["seconds"])
        speeds["huiyin, whole"].append(len(pages) / ours["seconds"])
        for name, one in zip(speeds, (plain, ours), strict=True):
            shares[name].append(one["parsing"])
        print(f"pages with text: plain {plain['pages']}, ours {ours['pages']} of {len(pages)}", flush=True)
    server.terminate()
    medians = [statistics.median(values) for values in speeds.values()]
    for name, median in zip(speeds, medians, strict=True):
        share = statistics.median(shares[name])
        print(f"{name:<30}{median:>8.1f} pages a second, {share:.0%} of the processor time is parsing")
    print(f"{'ratio':<30}{medians[1] / medians[0]:>8.2f}")


if __name__ == "__main__":
    main()
