"""Author and 来源 from the lines around the title, the last lines of the body, and the head."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ORIGIN = re.compile(
    r"(?:(?:文章|信息|新闻|稿件|消息|内容|资料|本文)?(?:来源|來源|稿源|来源于|来源自)|转自|转载自|出处|发布(?:机构|单位|部门)|发文机[关构]|供稿单位|供稿)\s*[:：于]\s*"
    r"(?P<value>[^\s:：|｜<>【】\[\]，。,；;“”\"]{2,40})",
)
_AUTHOR = re.compile(
    r"(?:作\s*者|撰\s*文|撰稿|撰写|文字|文字记者|本报记者|本台记者|采写|采访|记者|通讯员|供稿人|发布人|楼主|博主|发帖人|Author|By)\s*[:：]\s*"
    r"(?P<value>[^\s:：|｜<>【】\[\]，。,；;“”\"（）()/]{2,24}(?:[\s、]+[\u4e00-\u9fff·]{2,4}(?![:：\u4e00-\u9fff]))*)"
    r"|(?:^|[（(\s|])文\s*[/／丨|｜]\s*(?P<slash>[^\s:：|｜/，。（）()]{2,16})",
)
_REPORTER = re.compile(
    r"(?:本报|本台|本网|本刊|新华社|中新社|[\u4e00-\u9fff]{2,8}(?:报|网|社|台|新闻|日报|晚报|时报|融媒|客户端))?(?:首席|见习|实习|特约|全媒体|融媒体?)?(?:记者|评论员)\s*(?P<names>[\u4e00-\u9fff·]{2,4}(?:[\s、,，]+(?!报道|摄影|通讯员|实习生|采写|综合)[\u4e00-\u9fff·]{2,4}){0,3})(?=\s*(?:[）)\]】]|报道|摄影|摄|文|通讯员|实习生|$|[:：]|[—\-]|从|讯))"
)
_SIGNED = re.compile(
    r"[（(]\s*(?:作者|记者|本报记者|撰稿|文)\s*(?:[:：]|系|为|\s)\s*(?P<value>[^（）()]{2,60})[）)]"
)
_NOT_NAME = re.compile(
    r"^(?:未知|佚名|不详|网络|互联网|本站|admin|administrator|管理员|来源|作者|编辑|匿名|无|null|none|undefined|责任编辑|时间|发布|字体|点击|浏览|分享|\d+$)",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?:通讯员|摄影|实习生|作者|编辑|责任编辑|责编|记者|时间|日期|发布时间|字号|点击|浏览|阅读|评论|分享|字体|我要|打印).*$"
)


def origin(lines: Iterable[str], stated: Iterable[str]) -> str:
    """The 来源 that the page states; "" where it states none. `lines` near the title first, `stated` from the head."""
    for line in lines:
        for match in _ORIGIN.finditer(line):
            value = _tidy(match["value"])
            if value and not _NOT_NAME.match(value):
                return value
    return next(
        (value.strip() for value in stated if 2 <= len(value.strip()) <= 40 and not value.startswith("http")),
        "",
    )


def author(lines: Iterable[str], tail: Iterable[str], stated: Iterable[str]) -> str:
    """The author's or reporter's name, "" where unknown; several are joined by a space. `tail`: the body's last lines."""
    for line in lines:
        for match in _AUTHOR.finditer(line):
            value = _tidy(match["value"] or match["slash"] or "")
            if value and not _NOT_NAME.match(value):
                return value
    for line in lines:
        if len(line) <= 60 and (names := _reporters(line)):
            return names
    for value in stated:
        value = value.strip()
        if 2 <= len(value) <= 30 and not _NOT_NAME.match(value) and not value.startswith("http"):
            return value
    for line in tail:
        if signed := _SIGNED.search(line) or _AUTHOR.search(line):
            value = _tidy(signed["value"] or "")
            if 2 <= len(value) <= 24 and not _NOT_NAME.match(value):
                return value
        if names := _reporters(line):
            return names
    return ""


def _reporters(line: str) -> str:
    """The names in “本报记者 张三 李四 报道” and its like, joined by spaces."""
    match = _REPORTER.search(line)
    return " ".join(re.split(r"[\s、,，]+", match["names"].strip())) if match else ""


def _tidy(value: str) -> str:
    value = _TRAIL.sub("", value).strip(" 　·-—_/、")
    for left, right in ("（）", "()"):
        if right in value and left not in value:
            value = value.split(right)[0]
        if left in value and right not in value:
            value = value.split(left)[0]
    return value.strip()
