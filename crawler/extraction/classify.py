"""What kind of page it is: an article, a list of links, or something else (login wall, thread, microblog, error page)."""

from __future__ import annotations

import re

from crawler.extraction.body import Body
from crawler.extraction.names import COMMENT, HIDDEN, PRUNED
from crawler.extraction.tree import Walked

_WALL = re.compile(
    r"(?:请|需要?|必须|您?(?:还|尚)未)(?:先|您?先)?(?:登录|登陆|登入|扫码登录)|登录后(?:才|可|即可|方可|查看|继续)|登錄後|請先登[入錄]|安全验证|安全校验|滑动验证|拖动(?:滑块|下方)|请输入验证码|"
    r"验证码(?:登录)?|人机验证|访问(?:过于|太)频繁|访问受限|访问被拒绝|您的IP|异常(?:访问|流量|请求)|环境异常|完成验证后|Sina Visitor System|"
    r"access denied|verify you are (?:a )?human|are you a robot|captcha|just a moment|sign in to continue|请开启JavaScript|密码登录|短信登录|登录/注册",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"(?:页面|网页|内容|文章|帖子|信息|新闻)(?:不存在|已(?:被)?删除|找不到|未找到|无法(?:访问|显示)|走丢)|找不到(?:该|您|页面)|404 not found|\b404\b|该内容已被发布者删除|此内容因违规",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"登录|登陆|登錄|login|sign in", re.IGNORECASE)
_DATED = re.compile(
    r"(?<!\d)(?:20\d\d[-/.年]\s?)?[01]?\d[-/.月]\s?[0-3]?\d(?!\d)|\d+\s*(?:分钟|小时|天)前|[昨今前]天\s*\d"
)
_SOCIAL_HOST = re.compile(
    r"(?:^|\.)(?:weibo\.(?:cn|com)|tieba\.baidu\.com|zhihu\.com|douban\.com|douyin\.com|kuaishou\.com|xiaohongshu\.com|bilibili\.com|twitter\.com|x\.com)$"
)
_SOCIAL_ARTICLE = re.compile(r"/ttarticle/|card\.weibo\.com|zhuanlan\.zhihu\.com/p/|/read/cv|/article/")
_THREAD = re.compile(
    r"楼主|只看楼主|沙发|板凳|\d+\s*楼|\d+#|回复本楼|回帖|发帖|跟帖|引用回复|倒序看帖|只看该作者|发表于"
)
_FEED = re.compile(
    r"转发\s*\[?\(?\d*|赞\s*\[?\(?\d*|评论\s*\[?\(?\d*|收藏|来自.{1,20}(?:客户端|iPhone|Android|微博|手机)|关注\s*\[?\d*|粉丝\s*\[?\d*"
)


def is_article(walked: Walked, body: Body, heading: int, timed: int) -> bool:
    """Whether the page has the outward form of an article: heading, then a by-line with a time, then running text.

    `heading`, `timed`: numbers of the blocks that hold the title and the time of publication, −1 where there are none.
    """
    if heading < 0 or timed < 0 or not heading - 3 <= timed <= body.start + 1 or heading > body.start:
        return False
    prose = sum(len(walked.blocks[i].text) for i in body.lines if walked.blocks[i].stops)
    dated = sum(
        1
        for i in range(body.start, body.end)
        if len(walked.blocks[i].text) <= 60 and _DATED.search(walked.blocks[i].text)
    )
    return prose >= 10 and dated < 6


def login_wall(walked: Walked, body: Body, page_title: str, refresh: str, formed: bool) -> bool:
    """Whether the page hides its content behind a login, a captcha or a check of the visitor. `formed`: see is_article."""
    if body.chars >= 400 or formed:
        return False
    seen = sum(len(block.text) for block in walked.blocks)
    words = " ".join(block.text for block in walked.blocks if len(block.text) < 200)[:5000]
    strong = bool(_WALL.search(words)) or bool(_WALL.search(page_title))
    if (
        walked.passwords
        and (strong or _LOGIN.search(words + page_title))
        and body.chars < 200
        and seen < 3000
    ):
        return True
    if re.search(r"passport|login|captcha|visitor|verify", refresh, re.IGNORECASE):
        return True
    return strong and seen < 600


def kind(walked: Walked, body: Body, url: str, stated: str, title: str, formed: bool) -> str:
    """`article`, `list` or `other`. `stated`: og:type or the type in JSON-LD; `formed`: see is_article."""
    links = [
        link
        for link in walked.links
        if not link.flags & HIDDEN and link.href and not link.href.startswith(("javascript:", "#"))
    ]
    titled = [link for link in links if len(link.text) >= 8]
    linked = sum(len(link.text) for link in links)
    if body.chars == 0:
        return "list" if len(titled) >= 8 or (len(links) >= 30 and linked >= 150) else "other"
    if _social(walked, url, body, formed):
        return "other"
    said = [walked.blocks[i] for i in body.lines]
    prose = sum(len(block.text) for block in said if block.stops)
    if _MISSING.search(title) or (
        body.chars < 200 and _MISSING.search(" ".join(block.text for block in said))
    ):
        return "other"
    if linked > 150 * prose or _is_listing(walked, body, prose, formed):
        return "list"
    if formed or (stated == "article" and prose >= 60 and prose > 0.2 * linked):
        return "article"
    if len(titled) >= 12 and prose < 0.35 * linked:
        return "list"
    return "article" if prose >= 40 else "other"


def _is_listing(walked: Walked, body: Body, prose: int, formed: bool) -> bool:
    """Whether what looks like a body is a list of titles with dates or summaries."""
    inside = walked.blocks[body.start : body.end]
    lines = [
        block
        for block in inside
        if block.linked >= 8 and block.linked * 10 >= len(block.text) * 6 and not block.flags & PRUNED
    ]
    paragraphs = sum(
        1 for block in inside if block.stops and block.linked * 2 < len(block.text) and len(block.text) >= 20
    )
    dated = sum(1 for block in inside if len(block.text) <= 60 and _DATED.search(block.text))
    if formed:
        return len(lines) >= 12 and sum(block.linked for block in lines) > 2 * prose
    return len(lines) >= 5 and (len(lines) >= 0.6 * paragraphs or dated >= 5 or len(lines) * 60 > prose)


def _social(walked: Walked, url: str, body: Body, formed: bool) -> bool:
    """A thread or a feed: by its address, or by the marks of floors, reposts and likes repeated through the page."""
    if url:
        host = re.sub(r"^\w+://([^/@]*@)?|[:/?#].*$", "", url).lower()
        if _SOCIAL_HOST.search(host) and not _SOCIAL_ARTICLE.search(url):
            return True
    marks = feeds = 0
    for number, block in enumerate(walked.blocks):
        if len(block.text) > 120:
            continue
        marks += bool(_THREAD.search(block.text)) and not block.flags & COMMENT
        # an article may have readers' comments under it, each with its likes
        if not formed or number < body.end:
            feeds += len(set(_FEED.findall(block.text))) >= 2
    return marks >= 4 + body.chars // 800 or feeds >= 3
