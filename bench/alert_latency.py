"""Seconds from a post's appearance at its source to the alert at a local web hook, beyond the wait for the next crawl.

    python bench/alert_latency.py [--posts 5]

A feed (a real HTTP server here) brings out one red text after another; a running `huiyin work` and, for each post, a crawl
process as the schedule starts it. The post comes out just before the crawl begins, so what is measured is what the system
adds to the crawl interval: start of the crawler, fetch, analysis, grouping, level, alert, delivery. The schedule looks for due sources every
15 s, that wait belongs to the interval.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

POSTS = (
    (
        "烟花厂爆炸情况通报",
        "今天上午，柳林镇一烟花厂发生爆炸，已造成5人死亡、9人受伤，周边居民紧急疏散，救援仍在进行。",
    ),
    (
        "客车追尾货车",
        "京新港路段一辆大客车追尾货车后翻下路基，6人当场死亡、21人送医，新港路双向封闭。",
    ),
    ("山体滑坡续报", "连日暴雨，白沙村后山滑坡掩埋三户民房，搜救犬找到4名遇难者，另有2人失联。"),
    ("燃气事故通报", "红旗街一家餐馆液化气罐泄漏闪爆，临街门面垮塌，造成7名食客死亡，店主被控制。"),
    (
        "井下透水",
        "大营煤矿二号井今日凌晨发生透水，已致3人死亡，8人被困井下，抽水设备已到位。",
    ),
)
"""Title and text of matters that have nothing in common, so that each is an issue and an alert of its own."""


class World:
    """The source and the receiver on one port."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, datetime]] = []
        self.alerts: list[tuple[float, str]] = []
        """When (monotonic) and what."""
        self.read = 0.0
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/feeds/atom.xml"
                world.read = time.monotonic() if found else world.read
                body = world.feed(f"http://127.0.0.1:{self.server.server_port}") if found else b""  # type: ignore[attr-defined]
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/atom+xml; charset=utf-8")
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                world.alerts.append((time.monotonic(), told["title"] + told["text"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def feed(self, base: str) -> bytes:
        entries = "".join(
            f"<entry><title>{escape(title)}</title><id>urn:post:{name}</id><link href='{base}/p/{name}'/><published>{when.isoformat()}</published>"
            f"<updated>{when.isoformat()}</updated><author><name>应急管理局</name></author><content type='text'>{escape(text)}</content></entry>"
            for name, title, text, when in reversed(self.posts)
        )
        return f"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>发布</title><id>urn:feed</id><updated>{datetime.now(UTC).isoformat()}</updated>{entries}</feed>".encode()

    def publish(self, number: int) -> None:
        title, text = POSTS[number]
        self.posts.append((f"n{number}", title, text, datetime.now(UTC)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, default=5, choices=range(1, len(POSTS) + 1))
    parser.add_argument("--patience", type=float, default=90.0, metavar="SECONDS")
    args = parser.parse_args()
    world = World()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "hook"
        target.write_text(f"{world.base}/hook", "utf-8")
        environment = {**os.environ, "HUIYIN_ALERT_CHANNELS": f"webhook={target}"}
        huiyin = [sys.executable, "-m", "huiyin.cli", "--home", str(Path(folder) / "home")]
        crawl = [*huiyin, "crawl", "--sample-base", world.base, "sample-release"]
        subprocess.run(crawl, env=environment, check=False, stdout=subprocess.DEVNULL)  # makes the record
        worker = subprocess.Popen([*huiyin, "work"], env=environment)
        try:
            time.sleep(15)  # models are loaded
            found = [
                measure(world, number, crawl, environment, args.patience) for number in range(args.posts)
            ]
        finally:
            worker.terminate()
            worker.wait()
    print(
        f"median {median(whole for whole, _ in found):.1f} s from post to alert, of it {median(after for _, after in found):.1f} s after the source was read"
    )


def measure(
    world: World, number: int, crawl: list[str], environment: dict[str, str], patience: float
) -> tuple[float, float]:
    """(seconds from post to alert, seconds from the feed's being read to the alert)."""
    known = len(world.alerts)
    world.publish(number)
    start = time.monotonic()
    subprocess.run(crawl, env=environment, check=True, stdout=subprocess.DEVNULL)
    while len(world.alerts) == known:
        if time.monotonic() - start > patience:
            raise SystemExit(f"no alert within {patience:.0f} s")
        time.sleep(0.02)
    came = world.alerts[known][0]
    print(
        f"post {number}: read {world.read - start:.1f} s, alert {came - start:.1f} s after it came out",
        flush=True,
    )
    return came - start, came - world.read


if __name__ == "__main__":
    main()
