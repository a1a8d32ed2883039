"""Spoiling files: the ways in which bytes arrive broken, or are broken on purpose. Everything follows from the seed."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
import zlib

WORDS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r\n\r\n", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x [<!ENTITY a \"b\">]>",
    b"&a;", b"&#0;", b"&#x110000;", b"<script>", b"</body>", b"<table>" * 30, b"<div>" * 200, b"<p>" * 300, b"[" * 500, b"{\"a\":" * 200, b"(" * 300, b"\\u0000", b"\\ud800",
    b"1e999999", b"-1", b"9" * 400, b"99999999999999999999", b"0x", b"%00", b"%s%n", b"../" * 20, b"=cmd|' /C calc'!A0", "年月日".encode(), "２０２６".encode(),
    "\u202e\u2066\ufeff\u0301".encode() * 20, "。".encode() * 300, "第一条".encode() * 50, "\U0001f600".encode() * 40, b"\"" * 101, b"," * 400, b"\t" * 200, b" " * 3000,
    b"0000-00-00T99:99:99Z", b"2026-02-30", b"-9999-12-31", b"/Type /Pages /Kids [1 0 R]", b"/Length 999999999", b"stream\r\n", b"endobj", b"obj\n", b"xref\n", b"WARC/1.0\r\n",
    b"Content-Length: -5\r\n", b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"http://[::1", b"javascript:alert(1)", b"charset=utf-16", b"charset=hz",
)  # fmt: skip


def spoil(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to six changes; `other` is another sample, for pieces."""
    if data[:1] in (b"[", b"{") and chance.random() < 0.6:
        return _json(data, chance)
    if data[:2] == b"PK" and chance.random() < 0.7:
        return _zip(data, other, chance)
    if data[:2] == b"\x1f\x8b" and chance.random() < 0.8:
        return gzip.compress(_bytes(_gunzip(data), other, chance), 1)
    return _bytes(data, other, chance)


def _bytes(data: bytes, other: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        kind = chance.randrange(9)
        if kind == 0 and made:
            made[at % len(made)] ^= 1 << chance.randrange(8)
        elif kind == 1 and made:
            for _ in range(chance.randint(1, 40)):
                made[chance.randrange(len(made))] = chance.randrange(256)
        elif kind == 2:
            del made[at:]
        elif kind == 3:
            del made[at : at + chance.randint(1, 400)]
        elif kind == 4:
            made[at:at] = chance.choice(WORDS)
        elif kind == 5:
            start = chance.randrange(len(other) + 1)
            made[at:at] = other[start : start + chance.randint(1, 3000)]
        elif kind == 6:
            piece = bytes(made[at : at + chance.randint(1, 200)])
            made[at:at] = piece * chance.randint(2, 60)
        elif kind == 7:
            made[at : at + 8] = chance.randbytes(8)
        else:
            old, new = chance.choice((b"<", b">", b'"', b"\n", b",", b"0", b"/")), chance.choice(WORDS)[:40]
            made = bytearray(bytes(made).replace(old, new, chance.randint(1, 5)))
        if len(made) > 400_000:
            del made[400_000:]
    return bytes(made)


VALUES = (
    None, True, False, 0, -1, 1.5, 10**30, 1e308, "", " ", "x" * 5000, "\x00", "\ud800", "\u202e", [], {}, [[]], [None], {"text": None}, "2026-02-30", 1763870400, 1763870400000,
    -62135596800, 253402300800, "<b>x</b>", "javascript:alert(1)", "http://[::1", "1.2万", "９９９亿", "=1+1", ["a", {"b": [1]}],
)  # fmt: skip


def _json(data: bytes, chance: random.Random) -> bytes:
    """Sound JSON (a value, or lines of it) with unsound values: what parsers of bytes let through."""
    try:
        lines = [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        return data[: chance.randrange(len(data) + 1)]
    spots: list[tuple[dict[str, object] | list[object], str | int]] = []
    pending: list[object] = list(lines)
    while pending:
        item = pending.pop()
        keys = (
            list(item) if isinstance(item, dict) else list(range(len(item))) if isinstance(item, list) else []
        )
        for name in keys:
            spots.append((item, name))  # type: ignore[arg-type]
            pending.append(item[name])  # type: ignore[index]
    for _ in range(chance.randint(1, 3)):
        if not spots:
            break
        home, name = chance.choice(spots)
        act = chance.randrange(4)
        if act == 0 and isinstance(home, dict):
            home.pop(str(name), None)
        elif act == 1 and isinstance(home, dict):
            home[chance.choice(("id", "text", "标题", "publish_time", "extra", "note_id"))] = chance.choice(
                VALUES
            )
        elif isinstance(home, dict) or int(name) < len(home):
            home[name] = chance.choice(VALUES)  # type: ignore[index]
    return "\n".join(json.dumps(line) for line in lines).encode()


def _zip(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Spoil one part of an archive and pack it again: a spoiled archive as a whole is refused at its door."""
    out = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(data)) as archive,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fresh,
        ):
            names = archive.namelist()
            chosen = chance.choice([name for name in names if name.endswith(".xml")] or names)
            for name in names:
                part = archive.read(name)
                if name != chosen:
                    fresh.writestr(name, part)
                elif chance.random() < 0.9:
                    fresh.writestr(name, _bytes(part, other if other[:2] != b"PK" else part, chance))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        return _bytes(data, other, chance)
    return out.getvalue()


def _gunzip(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(47).decompress(data, 2_000_000)
    except zlib.error:
        return data
