"""What the columns of exports mean: MediaCrawler's, commercial platforms', registers of letters, hotlines, applications."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from huiyin.errors import UsageError

# Field → column names, the best first. Compared after NFKC, lower case, without spaces, underscores and brackets.
COLUMNS: dict[str, tuple[str, ...]] = {
    "title": (
        "标题", "title", "文章标题", "新闻标题", "帖子标题", "视频标题", "信件标题", "来信标题", "留言标题", "诉求标题", "工单标题", "事项名称", "信件主题", "主题",
        "headline",
    ),
    "text": (
        "正文", "全文", "原文", "内容", "文章内容", "正文内容", "博文", "微博内容", "微博正文", "帖子内容", "评论内容", "信件内容", "来信内容", "留言内容",
        "诉求内容", "投诉内容", "反映内容", "问题描述", "工单内容", "申请内容", "所需信息内容描述", "所需信息", "所需信息内容", "所需政府信息内容描述", "申请公开内容", "申请公开的内容", "申请公开的政府信息", "所需政府信息", "内容描述", "contenttext", "content", "text",
        "body", "desc", "description", "摘要", "内容摘要", "summary", "abstract",
    ),
    "published": (
        "发布时间", "发布日期", "发表时间", "发文时间", "发帖时间", "评论时间", "来信时间", "来信日期", "留言时间", "诉求时间", "来电时间", "受理时间", "登记时间",
        "提交时间", "申请时间", "申请日期", "published", "publishtime", "pubtime", "publishdate", "createdatetime", "createtime", "createdtime", "createdat",
        "发布时间戳", "time", "时间", "日期", "date",
    ),
    "origin": ("来源", "媒体", "媒体名称", "来源媒体", "来源网站", "网站名称", "站点", "站点名称", "频道", "平台", "来源平台", "信源", "tiebaname", "media", "origin", "source", "platform"),
    "author": (
        "作者", "发布人", "发布者", "用户", "用户名", "用户昵称", "昵称", "博主", "账号", "账号名称", "来信人", "留言人", "发帖人", "申请人", "申请人姓名", "申请人名称", "诉求人", "来电人", "nickname",
        "usernickname", "author", "screenname", "username",
    ),
    "url": ("原文链接", "链接", "网址", "原文地址", "文章链接", "链接地址", "url", "link", "noteurl", "awemeurl", "contenturl", "videourl", "href"),
    "id": (
        "信件编号", "工单编号", "工单号", "受理编号", "登记编号", "申请编号", "申请登记号", "留言编号", "编号", "noteid", "awemeid", "contentid", "videoid", "mid", "docid", "id",
    ),
    "likes": ("点赞数", "点赞量", "点赞", "获赞数", "likedcount", "likecount", "voteupcount", "attitudescount", "commentlikecount", "likes"),
    "reposts": ("转发数", "转发量", "转发", "分享数", "sharedcount", "sharecount", "repostscount", "reposts"),
    "replies": ("评论数", "评论量", "评论", "回复数", "跟帖数", "commentscount", "commentcount", "totalreplaynum", "videocomment", "replies"),
    "province": ("ip属地", "发布地区", "地区", "地域", "省份", "所属省份", "iplocation", "region", "province"),
    "reply": ("答复内容", "回复内容", "办理结果", "处理结果", "答复意见", "处理意见", "答复", "回复", "reply"),
    "reply_time": ("答复时间", "答复日期", "回复时间", "办结时间", "办结日期", "replytime"),
    "reply_unit": ("答复单位", "回复单位", "答复部门", "承办单位", "办理单位", "处理单位", "主办单位", "责任单位", "replyunit"),
}  # fmt: skip
FIELDS = tuple(COLUMNS)
_REGISTER = frozenset(
    ("信件", "来信", "留言", "诉求", "工单", "受理", "申请", "投诉", "来电", "登记", "答复", "办结", "承办")
)


def plain_name(column: str) -> str:
    return re.sub(r"[\s_\-（）()【】\[\]*:：\"'`]+", "", unicodedata.normalize("NFKC", column)).lower()


_BY_NAME = {name: (field, rank) for field, names in COLUMNS.items() for rank, name in enumerate(names)}


def recognised(columns: Iterable[Any]) -> int:
    """How many of these cells are column names that we know."""
    return sum(1 for column in columns if isinstance(column, str) and plain_name(column) in _BY_NAME)


def mapping(columns: Iterable[str], told: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Field → its columns, the best first. `told` (column → field) precedes what the names say.

    Raises UsageError for a told column or field that does not exist, and where neither title nor text is found.
    """
    columns = list(columns)
    found: dict[str, list[tuple[int, str]]] = {}
    told = told or {}
    for column, field in told.items():
        if column not in columns:
            raise UsageError(
                f"--map {column}={field}: no such column; the file has {', '.join(map(str, columns))}"
            )
        if field not in FIELDS:
            raise UsageError(f"--map {column}={field}: no such field; choose from {', '.join(FIELDS)}")
        found.setdefault(field, []).append((-1, column))
    for column in columns:
        known = _BY_NAME.get(plain_name(column))
        if known and column not in told:
            found.setdefault(known[0], []).append((known[1], column))
    if not found.get("text") and not found.get("title"):
        raise UsageError(
            f"no column of title or text was recognised among {', '.join(map(str, columns)) or 'no columns at all'};"
            " say which it is, for example --map 列名=text"
        )
    return {field: [column for _, column in sorted(pairs)] for field, pairs in found.items()}


def looks_like_register(columns: Iterable[str]) -> bool:
    """A register of letters, calls or applications (documents of kind `message`), by two or more telling column names."""
    names = [plain_name(column) for column in columns]
    return sum(1 for name in names if any(word in name for word in _REGISTER)) >= 2


def looks_like_disclosure(columns: Iterable[str], file: str) -> bool:
    """A register of applications for government information (依申请公开), by its name or by what its columns are called."""
    if any(word in file for word in ("依申请公开", "信息公开申请", "公开申请")):
        return True
    names = [plain_name(column) for column in columns]
    asked = any(
        word in name for name in names for word in ("所需信息", "所需政府信息", "申请公开", "公开内容")
    )
    return asked and any("申请" in name for name in names)


def platform_of(columns: Iterable[str], file: str) -> str:
    """MediaCrawler's platform by file name or columns: weibo, xhs, douyin, tieba, zhihu, bilibili, kuaishou; "" for others."""
    names = {plain_name(column) for column in columns}
    lowered = file.lower()
    if not names & {"noteid", "awemeid", "contentid", "videoid"} or not names & {
        "lastmodifyts",
        "commentid",
        "sourcekeyword",
        "nickname",
        "usernickname",
    }:
        return ""
    for name, words in {
        "weibo": ("weibo", "微博"), "xhs": ("xhs", "xiaohongshu", "小红书"), "douyin": ("douyin", "抖音", "dy_"), "tieba": ("tieba", "贴吧"),
        "zhihu": ("zhihu", "知乎"), "bilibili": ("bili", "哔哩"), "kuaishou": ("kuaishou", "快手"),
    }.items():  # fmt: skip
        if any(word in lowered for word in words):
            return name
    if "awemeid" in names:
        return "douyin"
    if "contentid" in names:
        return "zhihu"
    if any(name.startswith("tieba") for name in names):
        return "tieba"
    if "noteid" in names:
        return "weibo" if names & {"profileurl", "gender", "createdatetime", "commentlikecount"} else "xhs"
    return "bilibili" if "bilibilivideotype" in names or "videodanmaku" in names else "kuaishou"
