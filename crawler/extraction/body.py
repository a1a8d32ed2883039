"""Which blocks are the article.

Every block gets a value: sentences are worth their length, link lists and scraps cost. The body is the element whose blocks
add up to most (a maximum-sum subtree), narrowed while one child holds nearly all of it. Chinese punctuation is what tells
sentences from menus. Then editors' footers, share bars and lists of related links are cut from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extraction.names import CAPTION, COMMENT, CONTENT, HIDDEN, PRUNED, TITLE
from crawler.extraction.tree import Block, Span, Walked

_TAIL = re.compile(
    r"^[\s\[【（(＜<《>＞\-—*·▲■●◆△☆★]*(?:相关(?:阅读|新闻|链接|文章|报道|推荐|资讯|专题|附件下载|稿件)|延伸阅读|推荐阅读|更多阅读|扩展阅读|精彩推荐|猜你喜欢|为您推荐|"
    r"热门(?:推荐|文章|评论|新闻|跟帖)|最新(?:评论|跟帖)|全部评论|网友(?:评论|跟帖|热议)|发表评论|我要评论|评论区|参与评论|往期(?:回顾|精彩|推荐)|更多精彩|"
    r"大家都在看|大家还在看|你可能(?:感兴趣|还喜欢)|上一篇|下一篇|分享到|分享至|友情链接|特别声明|版权声明|免责声明|免责条款|网站声明|延伸閱讀|相關(?:新聞|文章|閱讀)|"
    r"推薦閱讀|you may also like|related (?:articles?|posts?|stories)|recommended for you|comments? \()",
    re.IGNORECASE,
)
_DROP = re.compile(
    r"^[\s\[【（(＜<*—\-]*(?:责任?编辑|責任編輯|编辑|編輯|责编|实习编辑|值班编辑|本文编辑|网络编辑|新媒体编辑|美编|校对|校對|审核|审校|监制|主编|值班主任|终审|初审|复审|流程编辑|总监制|"
    r"图片编辑|视频编辑|审读|签发)\s*[:：/|丨].{0,60}$"
    r"|^[\s\[【（(]*(?:编辑|责编|责任编辑)\s+\S{2,8}\s*[\])）】]*$"
    r"|^\S{0,12}(?:扫码|扫一扫|扫描(?:上方|下方)?二维码|长按(?:识别|二维码)).{0,50}$"
    r"|^.{0,10}(?:点击(?:进入|查看|此处|下载|关注|这里|图片|上方|下方)|戳这里|关注(?:我们|公众号|微信)).{0,40}$"
    r"|^(?:未经授权|未经许可|本文(?:为|系)?(?:转载|原创|首发|来自|来源于|由.{2,20}(?:授权|发布|原创))|版权(?:所有|归)|转载请(?:注明|联系)|欢迎转载|文章来源[:：]|原标题[:：]|原文(?:链接|标题)[:：]).{0,90}$"
    r"|^[\[【（(]?(?:声明|免责声明|特别声明|版权声明|免责条款|风险提示|重要提示|温馨提示|本文声明|法律声明)[:：\]】].*$"
    r"|^\(?（?本文(?:来源|来自)[:：].{0,60}$"
    r"|^(?:分享|收藏|点赞|打印|关闭|举报|评论|微信|微博|QQ空间|QQ好友|字号|大|中|小|\+|-|A\+|A-|纠错|顶部|返回(?:顶部|首页|列表)?|【?(?:打印|关闭|字体).{0,12}|阅读原文|展开全文|加载更多|广告|标签[:：].*|关键词[:：].*|"
    r"(?:分享到|分享至|分享[:：]).{0,30}|(?:首页|上一页|下一页|尾页|末页|\d++|\s)+|[【\[]\s*(?:打印|关闭|返回|纠错).{0,30}|\d* ?(?:评论|跟贴|人参与|条评论|阅读|浏览).{0,6})$"
    r"|^.{0,30}(?:投诉|举报|商务合作|寻求报道|投稿|报料)(?:热线|邮箱|电话|微信)?\s*[:：].{0,60}$"
    r"|^[\s]*(?:ICP备|京ICP|.{0,12}ICP备|.{0,6}公网安备|Copyright|©|All Rights Reserved).{0,120}$",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:来源|來源|作者|编辑|发布时间|发布日期|时间|日期|浏览次数|阅读量?|点击数?|字号|字体)\s*[:：]|^.{0,12}20\d\d\s*[-/.年]\s*\d\d?\s*[-/.月]\s*\d\d?.{0,30}$|位置\s*[:：]|(?:首页|正文)\s*[>»＞/]|[>»＞]\s*(?:正文|详情|首页)",
)
_INLINE_EDITOR = re.compile(
    r"\s*[\[【（(]\s*(?:责任?编辑|责编|编辑|本文来源|实习编辑|文章来源)\s*[:：].{1,40}?[\])）】]\s*(?:[\[【（(].{1,20}[\])）】])?\s*$"
    r"|\s*(?:责任编辑|责编)\s*[:：]\s*\S{1,10}(?:\s*[_\-]?\w{1,10})?\s*$"
)
_CAPTION_TEXT = re.compile(
    r"^(?:[▲△↑]|图[为片]?\s*[:：]|(?:图片|图)(?:来源|说明|源自)|(?:资料图|视觉中国|新华社(?:发|记者.{2,8}摄)))|(?:摄|供图|资料图|截图|视觉中国|图源网络)\s*[)）。]?$"
)


@dataclass(slots=True)
class Body:
    """`lines`: blocks of the article by number. `sure` tells whether the choice is clear without asking others."""

    start: int
    end: int
    lines: list[int]
    chars: int
    sure: bool


def worth(block: Block) -> float:
    """Value of a block: > 0 for running text, < 0 for link lists and scraps."""
    size = len(block.text)
    if block.flags & (PRUNED | HIDDEN):
        return -min(size, 10) * 0.5
    if block.flags & TITLE and size <= 80 and "。" not in block.text:
        return -2.0
    if size <= 80 and (_BYLINE.search(block.text) or block.level in (1, 2)):
        return -2.0
    if block.linked * 2 > size:
        return -8.0 - 0.3 * min(block.linked, 60)
    if block.stops and size >= 10 and not _DROP.match(block.text):
        # a long run of text counts by its length; links inside cost
        return block.free - 1.0 * block.linked
    if size >= 40:
        return 0.3 * block.free - block.linked
    return -4.0


def find(walked: Walked) -> Body:
    """The body of a page; empty `lines` where there is none."""
    first = _find(walked.blocks, walked.spans)
    total = sum(max(block.free, 0) for block in walked.blocks if block.stops >= 2 and len(block.text) >= 20)
    if first.chars * 2.5 < total:
        # names misled us (a body inside "comment" or "hidden until loaded"): look again without them
        for masks in (HIDDEN, HIDDEN | PRUNED):
            again = _find([_unmasked(block, masks) for block in walked.blocks], walked.spans)
            if again.chars > first.chars * 2.5:
                return again
    return first


def _unmasked(block: Block, masks: int) -> Block:
    if not block.flags & masks or block.flags & COMMENT:
        return block
    return Block(
        block.text, block.linked, block.level, block.flags & ~masks, block.depth, block.stops, block.tag
    )


def _find(blocks: list[Block], spans: list[Span]) -> Body:
    if not blocks:
        return Body(0, 0, [], 0, False)
    sums = [0.0]
    gains = [0.0]
    for block in blocks:
        value = worth(block)
        sums.append(sums[-1] + value)
        gains.append(gains[-1] + max(value, 0.0))
    everything = gains[-1]
    whole = Span(0, len(blocks), 0, "", "", 0)

    def rating(span: Span) -> float:
        value = sums[span.end] - sums[span.start]
        if span.flags & CONTENT or span.tag in ("article", "main"):
            value *= 1.08
        return value

    best = max([*spans, whole], key=lambda span: (rating(span), span.depth))
    best = _extend(_narrow(best, spans, blocks, gains), blocks)
    gain = gains[best.end] - gains[best.start]
    lines = _lines(blocks, best)
    chars = sum(len(blocks[i].text) for i in lines)
    return Body(best.start, best.end, lines, chars, chars >= 150 and gain > 0.55 * everything)


def _narrow(best: Span, spans: list[Span], blocks: list[Block], gains: list[float]) -> Span:
    """The part of `best` that holds nearly all its running text, without what stands apart from the main run."""

    def gain(span: Span) -> float:
        return gains[span.end] - gains[span.start]

    if gain(best) <= 0:
        return best
    inside = [s for s in spans if s.start >= best.start and s.end <= best.end and gain(s) >= 0.6 * gain(best)]
    nearly = [s for s in inside if gain(s) >= 0.93 * gain(best)]
    best = min(nearly, key=lambda span: (span.end - span.start, -span.depth), default=best)
    for part in sorted(
        (s for s in inside if s.start >= best.start and s.end <= best.end), key=lambda s: s.start - s.end
    ):
        start, end = best.start, best.end
        if _apart(blocks, range(part.end, best.end)):
            end = part.end
        if _apart(blocks, range(part.start - 1, best.start - 1, -1)):
            start = part.start
        best = Span(start, end, best.depth, best.tag, best.name, best.flags)
    return best


def _extend(span: Span, blocks: list[Block]) -> Span:
    """`span` with the paragraphs beside it: in a short article one advertisement can outweigh the element that holds all."""
    start, end = span.start, span.end
    lines = [block for block in blocks[start:end] if worth(block) > 0]
    if not lines or sum(len(block.text) for block in lines) > 600:
        return span
    shape = {(block.tag, block.depth) for block in lines}
    for step in (-1, 1):
        at, gap = (start - 1 if step < 0 else end), 0
        while 0 <= at < len(blocks) and gap <= 2:
            block = blocks[at]
            if block.level in (1, 2) or block.flags & (PRUNED | HIDDEN) or block.linked * 2 > len(block.text):
                break
            if worth(block) > 0 and (block.tag, block.depth) in shape:
                start, end, gap = min(start, at), max(end, at + 1), 0
            else:
                gap += 1
            at += step
    return Span(start, end, span.depth, span.tag, span.name, span.flags)


def _apart(blocks: list[Block], order: range) -> bool:
    """Whether going outward from the main run a border comes first: three or more link lists, comments or bars in a row."""
    borders = 0
    for i in order:
        block = blocks[i]
        if worth(block) > 0:
            return borders >= 3
        if block.flags & (PRUNED | HIDDEN) or block.linked * 2 > len(block.text) or _TAIL.match(block.text):
            borders += 1
    return False


def _lines(blocks: list[Block], span: Span) -> list[int]:
    inner = [i for i in range(span.start, span.end) if not blocks[i].flags & (PRUNED | HIDDEN)]
    weights = {i: max(worth(blocks[i]), 0.0) for i in inner}
    inner = _cut_tail(blocks, inner, weights)
    last = len(inner) - 1
    kept = []
    for position, i in enumerate(inner):
        # a line that is all link is furniture, but for a subheading between two paragraphs
        between = (
            0 < position < last and weights[inner[position - 1]] > 0 and weights[inner[position + 1]] > 0
        )
        if _keep(blocks[i], between):
            kept.append(i)
    while kept and _loose(blocks[kept[-1]]):
        kept.pop()
    return kept


def _keep(block: Block, between: bool) -> bool:
    text = block.text
    if block.flags & CAPTION or _DROP.match(text):
        return False
    if block.linked * 10 > len(text) * 7 and not between:
        return False
    return len(text) > 1 or text.isalnum()


def _loose(block: Block) -> bool:
    """A scrap at the end of the article: a lone mark or number."""
    return len(block.text) <= 2 and not block.stops


def _cut_tail(blocks: list[Block], inner: list[int], weights: dict[int, float]) -> list[int]:
    total = sum(weights.values())
    seen = 0.0
    for position, i in enumerate(inner):
        block = blocks[i]
        if seen >= 0.5 * total and total > 0 and len(block.text) <= 40 and _TAIL.match(block.text):
            following = [blocks[j] for j in inner[position + 1 : position + 5]]
            shape = {(one.tag, one.depth) for one in following if worth(one) > 20}
            # a section of the article itself may be headed 相关新闻: then paragraphs of the same shape follow
            if not (block.text.startswith("相关") and shape == {(block.tag, block.depth)}):
                return inner[:position]
        seen += weights[i]
    return inner


def is_furniture(text: str) -> bool:
    """Whether a line is an editor's note, a share bar, a pager or the like, by its words."""
    return bool(_DROP.match(text))


def is_byline(block: Block) -> bool:
    """Whether a short line tells time, origin or author, or is a path or a counter, and so is not of the text."""
    return len(block.text) <= 80 and (bool(_BYLINE.search(block.text)) or block.text.isdigit())


def is_caption(block: Block) -> bool:
    """Whether a block is the caption of an image, by its element's name or by its words."""
    return bool(block.flags & CAPTION) or (len(block.text) <= 60 and bool(_CAPTION_TEXT.search(block.text)))


def strip_editor(text: str) -> str:
    """`text` without an editor's note at its end, such as （责任编辑：某某）."""
    return _INLINE_EDITOR.sub("", text)
