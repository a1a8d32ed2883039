"""What an element's class and id say of it: furniture, comments, content, caption, title, by-line."""

from __future__ import annotations

import re
from functools import lru_cache

PRUNED, HIDDEN, CAPTION, TITLE, DATE, CELL, COMMENT, CONTENT = 1, 2, 4, 8, 16, 32, 64, 128
"""Flags of an element, and of the blocks in it; they add up."""

_BAD_NAME = re.compile(
    r"recommend|relat(?:ed|ive|ion)|xiangguan|tuijian|copyright|bread-?_?crumb|sidebar|footer|nav(?:bar|igat)|toolbar|qr_?-?code|"
    r"erweima|disclaim|paginat|advert|subscrib|bdshare|jiathis|sharebar|share-|share_|_share|-share|hotnews|hot-news|hot_news|"
    r"popup|pop-up|login|signin|weixin-?code|zeren|zebian|editor(?:s|-info|_info)?$|feedback|siteinfo|friend-?link|gotop|backtop|statement|"
    r"(?:^|[\s_\-])(?:ads?|adv|guanggao|nav|menu|side|rside|aside|rank|ranking|hot|tag|tags|share|foot|top-?bar|pager|page-?nav|crumbs?|banner|"
    r"editor|cright|right-?bar|col-?right|keywords?|links?|reprint|reward|dashang|like|likes|vote|tool|tools|app-?down(?:load)?)(?:$|[\s_\-\d])",
    re.IGNORECASE,
)
_COMMENT_NAME = re.compile(
    r"comment|pinglun|(?:^|[\s_\-])(?:cmt|reply|replies|disqus|tie)(?:$|[\s_\-\d])", re.IGNORECASE
)
_CONTENT_NAME = re.compile(
    r"article|content|(?:^|[\s_\-])(?:main|body|text|post|entry|detail|news)|zoom|trs_editor|view",
    re.IGNORECASE,
)
_CAPTION_NAME = re.compile(
    r"caption|(?:pic|img|image|photo)[_-]?(?:text|desc|info|note|des|title)|tupian|f_center_text",
    re.IGNORECASE,
)
_TITLE_NAME = re.compile(
    r"(?:^|[\s_\-]|(?:article|art|news|main|content|post|epcontent))title|(?:^|\s)(?:biaoti|headline|h-title)",
    re.IGNORECASE,
)
_DATE_NAME = re.compile(
    r"time|date|publish|pubtime|post_info|article-?info|source|meta|byline|from|laiyuan", re.IGNORECASE
)


@lru_cache(maxsize=20_000)
def name_flags(name: str) -> int:
    """What an element's class and id say of it."""
    flags = 0
    if _COMMENT_NAME.search(name):
        flags |= PRUNED | COMMENT
    elif _BAD_NAME.search(name):
        flags |= PRUNED
    elif _CONTENT_NAME.search(name):
        flags |= CONTENT
    if _CAPTION_NAME.search(name):
        flags |= CAPTION
    if _TITLE_NAME.search(name):
        flags |= TITLE
    if _DATE_NAME.search(name):
        flags |= DATE
    return flags
