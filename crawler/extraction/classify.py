"""What kind of page it is: an article, a list of links, or something else (login wall, thread, microblog, error page)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.extraction.body import Body
from crawler.extraction.tree import COMMENT, HIDDEN, PRUNED, Walked

_WALL = re.compile(
    r"(?:请|需要?|必须|您?(?:还|尚)未)(?:先|您?先)?(?:登录|登陆|登入|扫码登录)|登录后(?:才|可|即可|方可|查看|继续)|登錄後|請先登[入錄]|安全验证|安全校验|滑动验证|拖动(?:滑块|下方)|请输入验证码|"
    r"验证码(?:登录)?|人机验证|访问(?:过于|太)频繁|访问受限|访问被拒绝|您的IP|异常(?:访问|流量|请求)|环境异常|完成验证后|Sina Visitor System|"
    r"access denied|verify you are (?:a )?human|are you a robot|captcha|just a moment|sign in to continue|请开启JavaScript|密码登录|短信登录|登录/注册",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"(?:页面|网页|内容|文章|帖子|信息|新闻)(?:不存在|已(?:被)?删除|找不到|未找到|无法(?:访问|显示)|走丢)|找不到(?:该|您|页面)|404 not found|\b404\b|该内容已被发布者删除|此内容因违规", re.IGNORECASE
)
_SOCIAL_HOST = re.compile(r"(?:^|\.)(?:weibo\.(?:cn|com)|tieba\.baidu\.com|zhihu\.com|douban\.com|douyin\.com|kuaishou\.com|xiaohongshu\.com|bilibili\.com|twitter\.com|x\.com)$")
_SOCIAL_ARTICLE = re.compile(r"/ttarticle/|card\.weibo\.com|zhuanlan\.zhihu\.com/p/|/read/cv|/article/")
_THREAD = re.compile(r"楼主|只看楼主|沙发|板凳|\d+\s*楼|\d+#|回复本楼|回帖|发帖|跟帖|引用回复|倒序看帖|只看该作者|发表于")
_FEED = re.compile(r"转发\s*\[?\(?\d*|赞\s*\[?\(?\d*|评论\s*\[?\(?\d*|收藏|来自.{1,20}(?:客户端|iPhone|Android|微博|手机)|关注\s*\[?\d*|粉丝\s*\[?\d*")


def login_wall(walked: Walked, body: Body, page_title: str, refresh: str) -> bool:
    """Whether the page hides its content behind a login, a captcha or a check of the visitor."""
    if body.chars >= 400:
        return False
    seen = sum(len(block.text) for block in walked.blocks)
    words = " ".join(block.text for block in walked.blocks if len(block.text) < 200)[:5000]
    strong = bool(_WALL.search(words)) or bool(_WALL.search(page_title))
    if walked.passwords and (strong or re.search("登录|登陆|login|sign in", words + page_title, re.IGNORECASE)) and body.chars < 200:
        return True
    if re.search(r"passport|login|captcha|visitor|verify", refresh, re.IGNORECASE):
        return True
    return strong and seen < 600


def kind(walked: Walked, body: Body, url: str, stated: str, title: str, has_time: bool) -> str:
    """`article`, `list` or `other`. `stated`: og:type or the type in JSON-LD; `has_time`: a by-line's time was found."""
    links = [link for link in walked.links if not link.flags & HIDDEN and link.href and not link.href.startswith(("javascript:", "#"))]
    titled = [link for link in links if len(link.text) >= 8]
    linked = sum(len(link.text) for link in links)
    bodies = body.chars
    if bodies == 0:
        return "list" if len(titled) >= 8 or (len(links) >= 30 and linked >= 150) else "other"
    if _social(walked, url, bodies):
        return "other"
    prose = sum(len(walked.blocks[i].text) for i in body.lines if walked.blocks[i].stops)
    if _MISSING.search(title) or (bodies < 200 and _MISSING.search(" ".join(walked.blocks[i].text for i in body.lines))):
        return "other"
    inside = sum(1 for link in titled if body.start <= link.block < body.end and not link.flags & PRUNED)
    if inside >= 6 and inside * 60 > prose:
        return "list"
    if stated == "article" and bodies >= 60 and prose > 0.2 * linked:
        return "article"
    if len(titled) >= 12 and prose < 0.35 * linked and not (has_time and prose >= 60):
        return "list"
    if len(titled) >= 40 and prose < 100 and prose < 0.05 * linked:
        return "list"
    if prose < 40 and not (has_time and bodies >= 20):
        return "other"
    return "article"


def _social(walked: Walked, url: str, chars: int) -> bool:
    """A thread or a feed: by its address, or by the marks of floors, reposts and likes repeated through the page."""
    if url:
        parts = urlsplit(url)
        if _SOCIAL_HOST.search(parts.hostname or "") and not _SOCIAL_ARTICLE.search(url):
            return True
    marks = feeds = 0
    for block in walked.blocks:
        if len(block.text) > 120 or block.flags & COMMENT:
            continue
        marks += bool(_THREAD.search(block.text))
        feeds += len(set(_FEED.findall(block.text))) >= 2
    # an article's page shows such words once or twice, in its share bar
    return marks >= 4 + chars // 800 or feeds >= 3
