"""Whole files of each kind to begin with: our own sample pages, and small files made here by the libraries that others use."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

TEXT = (
    "关于规范校园食堂管理的通知\n云教发〔2026〕12号\n各区县教育局：\n第一条 学校应当公示食材来源。\n第二条 食堂应当留样四十八小时，每份不少于125克。\n"
    "（一）由学校负责人陪餐；（二）家长委员会可以到场查看。\n附件：1.食堂检查表\n云江市教育局\n2026年11月20日"
)  # fmt: skip
ROWS = [
    {"标题": "三小食堂的事", "正文": "孩子在学校吃完饭吐了，家长要求公布食材来源。", "发布时间": "2026-11-23 12:30:00", "来源": "云江论坛", "作者": "某人", "链接": "https://forum.example/1", "点赞数": "1.2万"},
    {"标题": "停水通知", "正文": "明天上午九点到下午三点停水。", "发布时间": "2026年11月24日", "来源": "云江日报", "作者": "", "链接": "https://paper.example/2", "点赞数": "3"},
]  # fmt: skip
PAGES = Path(__file__).resolve().parent.parent / "crawler" / "extract_pages"


def pages() -> list[bytes]:
    return [file.read_bytes() for file in sorted(PAGES.glob("*.html"))]


def feeds() -> list[bytes]:
    rss = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>云江日报</title>'
        + "".join(
            f"<item><title>第{n}篇</title><link>https://paper.example/{n}</link><guid>g{n}</guid><pubDate>Mon, 23 Nov 2026 0{n}:00:00 +0800</pubDate>"
            f"<description>摘要 &lt;b&gt;{n}&lt;/b&gt;</description><content:encoded><![CDATA[<p>{TEXT}</p>]]></content:encoded></item>"
            for n in range(6)
        )
        + "</channel></rss>"
    )
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>公告</title><id>urn:x</id><updated>2026-11-23T10:00:00+08:00</updated><entry><title>停水</title>'
        '<id>urn:1</id><link href="https://a.example/1"/><updated>2026-11-23T10:00:00+08:00</updated><author><name>水务局</name></author>'
        "<summary type='html'>&lt;p&gt;明天停水&lt;/p&gt;</summary></entry></feed>"
    )
    items = [
        {
            "id": "1",
            "url": "https://a.example/1",
            "title": "停水",
            "content_html": "<p>明天停水</p>",
            "date_published": "2026-11-23T10:00:00+08:00",
            "authors": [{"name": "水务局"}],
        }
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "公告", "items": items}
    return [
        rss.encode(),
        rss.replace("utf-8", "gbk").encode("gbk"),
        atom.encode(),
        json.dumps(feed, ensure_ascii=False).encode(),
    ]


def sitemaps() -> list[bytes]:
    urls = "".join(
        f"<url><loc>https://a.example/{n}</loc><lastmod>2026-11-2{n}T10:00:00+08:00</lastmod></url>"
        for n in range(5)
    )
    plain = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
    index = b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://a.example/s1.xml</loc></sitemap></sitemapindex>'
    return [plain, index, gzip.compress(plain)]


def tables() -> list[bytes]:
    made = []
    for encoding, delimiter in (("utf-8-sig", ","), ("gb18030", ","), ("utf-8", "\t")):
        out = io.StringIO()
        writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS * 3)
        made.append(out.getvalue().encode(encoding))
    return made


def workbooks() -> list[bytes]:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["2026年11月舆情明细"])
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append(list(row.values()))
    sheet.append([None, 12.5, True, "=1+1"])
    out = io.BytesIO()
    book.save(out)
    return [out.getvalue()]


def lines() -> list[bytes]:
    weibo = {
        "note_id": "1",
        "content": "食堂的事",
        "create_time": 1763870400,
        "nickname": "某人",
        "liked_count": "12",
        "last_modify_ts": 1,
        "ip_location": "广东",
        "source_keyword": "食堂",
    }
    comment = {
        "comment_id": "9",
        "note_id": "1",
        "content": "同问",
        "create_time": 1763870500,
        "nickname": "别人",
    }
    return [
        "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS * 2).encode(), json.dumps(ROWS, ensure_ascii=False).encode(),
        json.dumps([weibo, comment], ensure_ascii=False).encode(), json.dumps({"data": ROWS}).encode(),
    ]  # fmt: skip


def archives() -> list[bytes]:
    records = []
    for number, page in enumerate(pages()[:3]):
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/{number}\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(block)}\r\n\r\n"
        )
        records.append(head.encode() + block + b"\r\n\r\n")
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>ab\r\n0\r\n\r\n"
    records.append(
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/c\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n"
        % len(chunked)
        + chunked
        + b"\r\n\r\n"
    )
    whole = b"".join(records)
    return [whole, gzip.compress(whole)]


def documents() -> list[bytes]:
    import docx

    made = docx.Document()
    made.add_heading("关于规范校园食堂管理的通知", 1)
    for line in TEXT.split("\n"):
        made.add_paragraph(line)
    table = made.add_table(2, 2)
    table.cell(0, 0).text = "项目"
    table.cell(1, 1).text = "125克"
    out = io.BytesIO()
    made.save(out)
    return [out.getvalue()]


def papers() -> list[bytes]:
    import typst

    made = typst.compile(
        f"#set page(width: 200pt, height: 260pt)\n#table(columns: 2)[a][b]\n= Title\n{'Plain words. ' * 60}".encode()
    )
    assert isinstance(made, bytes)
    bare = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R"
        b"/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n4 0 obj<</Length 44>>stream\nBT /F1 12 Tf 20 100 Td (Hello, water.) Tj ET\n"
        b"endstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    return [made, bare]
