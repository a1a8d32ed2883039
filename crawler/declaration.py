"""What a declaration of a source may say, and whether it makes sense: rules, `Declaration`, `parse`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import urlsplit

import jmespath  # type: ignore[import-untyped]
from lxml import etree
from parsel.csstranslator import HTMLTranslator

from huiyin.document import KINDS
from huiyin.errors import UsageError

SOURCE_KINDS = {
    "feed": "RSS or Atom feed, with the articles behind it",
    "site": "list pages and the pages they link to",
    "api": "JSON over HTTP, with cursor, comments, reposts",
    "hot": "hot list, as JSON or as a page",
    "watch": "single pages, watched for change",
    "import": "files that people bring",
    "push": "documents that another system sends to our API",
}
_VARIABLE = re.compile(r"\{(base)\}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListRule:
    """What a list page is. Selectors are CSS, or XPath where they begin with `/`, `.` or `(`."""

    links: str = ""  # the links of articles; nothing: links whose address matches `pattern`, else that look like articles
    pattern: str = ""  # regular expression that an article's absolute address must match
    next: str = ""  # link to the next list page
    pages: int = 3  # list pages read in one run, at most


@dataclass(frozen=True, slots=True)
class ArticleRule:
    """Selectors of a page's parts; what is not given is found by general extraction. `fields` go to `Document.extra`."""

    item: str = (
        ""  # repeated part that is one document (thread floors); the first is the document, the rest comments
    )
    title: str = ""
    text: str = ""
    published: str = ""
    author: str = ""
    origin: str = ""
    likes: str = ""
    next: str = ""  # link to the next part of the page
    parts: int = 30  # parts read, at most
    reply_text: str = ""  # official answer on the same page: a document of kind `reply`
    reply_unit: str = ""
    reply_time: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubRule:
    """Comments or reposts of one item: `url` with {id} and {cursor}; the rest are JMESPath on the answer or a row."""

    url: str = ""
    items: str = ""
    text: str = "text"
    published: str = ""
    author: str = ""
    cursor: str = ""
    when: str = ""  # JMESPath on the item: how many there are; none: nothing is asked
    pages: int = 5


@dataclass(frozen=True, slots=True)
class JsonRule:
    """JMESPath of a JSON answer. `items` gives rows; the other expressions are asked of each row."""

    items: str = ""
    id: str = "id"
    text: str = ""
    title: str = ""
    html: bool = False  # text is HTML: tags are taken out
    published: str = ""
    author: str = ""
    origin: str = ""
    url: str = ""
    likes: str = ""
    reposts: str = ""
    replies: str = ""
    region: str = ""
    parent: str = ""  # the row that this one reposts: read with the same expressions
    rank: str = ""
    heat: str = ""
    cursor: str = ""  # of the answer: the next cursor; "" "0" null or false: no more
    error: str = ""  # of the answer: true where the answer is an error although its status is 200
    pages: int = 10
    comments: SubRule | None = None
    reposts_of: SubRule | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A source: where, how to read it, on what legal basis, how often. Times in seconds, retention in days."""

    name: str
    title: str
    kind: str
    start: tuple[str, ...] = ()
    document: str = "article"
    legal_basis: str = ""
    notes: str = ""
    retention_days: int | None = None
    interval_min: int = 300
    interval_max: int = 86_400
    interval: int = 1_800
    delay: float | None = None  # seconds between requests to one host; None: settings.download_delay
    concurrency: int = 1  # requests to one host at a time, 1 or 2
    max_requests: int = 400  # of one run
    timeout: float = 30.0
    render: bool = False  # pages that only a script fills: read with a browser (extra `playwright`)
    full_text: bool = False  # a feed's entries carry the whole text: articles are not fetched
    keep: str = ""  # regular expression: only documents whose title or text matches are kept
    drop: str = ""  # regular expression: documents whose title matches are left out
    revisit_minutes: int = 360  # a page that is listed again is read again after so long …
    revisit_days: int = 3  # … while it is not older than this
    sample: bool = False
    family: str = ""
    list: ListRule = field(default_factory=ListRule)
    article: ArticleRule | None = None
    json: JsonRule | None = None
    variables: Mapping[str, str] = field(default_factory=dict)  # what {base} stands for

    @property
    def crawled(self) -> bool:
        return self.kind not in ("import", "push")

    def expand(self, text: str) -> str:
        """`text` with {base} filled in. Raises UsageError where the source has no base address yet."""

        def value(match: re.Match[str]) -> str:
            found = self.variables.get(match[1], "")
            if not found:
                raise UsageError(
                    f"source {self.name}: its address needs {{{match[1]}}}; give it with"
                    f" `huiyin source enable {self.name} --base ADDRESS`"
                )
            return found.rstrip("/")

        return _VARIABLE.sub(value, text)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The start addresses with variables filled in."""
        return tuple(self.expand(address) for address in self.start)


def _build(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """A rule from a TOML table; UsageError names an unknown field or a value of the wrong type."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise UsageError(f"{where}: unknown field {name!r}; known: {', '.join(sorted(known))}")
        values[name] = _value(str(known[name].type), value, f"{where}.{name}")
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"{where}: {error}") from error


_RULES: dict[str, type[Any]] = {
    "ListRule": ListRule,
    "ArticleRule": ArticleRule,
    "JsonRule": JsonRule,
    "SubRule": SubRule,
}
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


def _value(kind: str, value: Any, where: str) -> Any:
    base = kind.removesuffix(" | None")
    if base != kind and value is None:
        return None
    if base in _RULES:
        if not isinstance(value, Mapping):
            raise UsageError(f"{where} is {value!r}; it takes a table")
        return _build(_RULES[base], value, where)
    if base.startswith("tuple"):
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{where} is {value!r}; it takes a list of strings")
        return tuple(value)
    if base.startswith("Mapping"):
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
            raise UsageError(f"{where} is {value!r}; it takes a table of strings")
        return dict(value)
    if not isinstance(value, _TYPES[base]) or (isinstance(value, bool) and base != "bool"):
        raise UsageError(f"{where} is {value!r}; it takes a {base}")
    return value


def parse(name: str, table: Mapping[str, Any]) -> Declaration:
    """A checked declaration from a table. Raises UsageError naming the source, the field, the value."""
    made = _build(Declaration, {"title": name, **table, "name": name}, f"source {name}")
    _check(made)
    return made


def _check(source: Declaration) -> None:
    where = f"source {source.name}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,62}", source.name):
        raise UsageError(f"{where}: a name is 2 to 63 small letters, digits and hyphens")
    if source.kind not in SOURCE_KINDS:
        raise UsageError(f"{where}: kind is {source.kind!r}; choose from {', '.join(SOURCE_KINDS)}")
    if source.document not in KINDS:
        raise UsageError(f"{where}: document is {source.document!r}; choose from {', '.join(KINDS)}")
    if source.crawled and not source.start:
        raise UsageError(f"{where}: start is empty; give at least one address")
    for address in source.start:
        parts = urlsplit(address.replace("{base}", "http://base.invalid"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{where}: {address!r} is not an http or https address")
    if not source.legal_basis:
        raise UsageError(f"{where}: legal_basis is empty; say on what ground these texts are collected")
    if not 0 < source.interval_min <= source.interval <= source.interval_max:
        raise UsageError(f"{where}: interval_min ≤ interval ≤ interval_max does not hold")
    if source.concurrency not in (1, 2):
        raise UsageError(
            f"{where}: concurrency is {source.concurrency}; 1 or 2 requests at a time are polite"
        )
    if source.render and source.kind == "api":
        raise UsageError(f"{where}: render is for pages; an api answers with JSON")
    if source.kind == "api" and (source.json is None or not source.json.items or not source.json.text):
        raise UsageError(f"{where}: an api needs [json] with items and text")
    for rule, paths in _expressions(source):
        for label, value in paths.items():
            _check_expression(rule, label, value, where)


def _expressions(source: Declaration) -> Iterator[tuple[str, dict[str, str]]]:
    yield "regex", {"keep": source.keep, "drop": source.drop, "list.pattern": source.list.pattern}
    yield "select", {"list.links": source.list.links, "list.next": source.list.next}
    if source.article:
        yield "select", {f"article.{n}": v for n, v in _strings(source.article).items()}
        yield "select", {f"article.fields.{n}": v for n, v in source.article.fields.items()}
    for label, sub in (
        ("json", source.json),
        ("json.comments", source.json and source.json.comments),
        ("json.reposts_of", source.json and source.json.reposts_of),
    ):
        if sub:
            yield (
                "jmespath",
                {f"{label}.{n}": v for n, v in _strings(sub).items() if n != "url" or label == "json"},
            )
    if source.json:
        yield "jmespath", {f"json.fields.{n}": v for n, v in source.json.fields.items()}


def _strings(rule: Any) -> dict[str, str]:
    return {f.name: v for f in fields(rule) if isinstance(v := getattr(rule, f.name), str)}


def _check_expression(rule: str, label: str, value: str, where: str) -> None:
    if not value:
        return
    try:
        if rule == "regex":
            re.compile(value)
        elif rule == "jmespath":
            jmespath.compile(value)
        else:
            etree.XPath(value if is_xpath(value) else HTMLTranslator().css_to_xpath(value))
    except Exception as error:  # each library has its own tree of errors; all mean: the expression is wrong
        raise UsageError(f"{where}: {label} is {value!r}, which is no {rule} expression: {error}") from error


def is_xpath(selector: str) -> bool:
    return selector.startswith(("/", "./", "(", "string("))


def as_table(source: Declaration) -> dict[str, Any]:
    """The declaration as the table that `parse` takes, without its name."""
    return {
        f.name: v
        for f in fields(source)
        if f.name != "name" and (v := _plain(getattr(source, f.name))) is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (ListRule, ArticleRule, JsonRule, SubRule)):
        return {f.name: v for f in fields(value) if (v := _plain(getattr(value, f.name))) is not None}
    return list(value) if isinstance(value, tuple) else value
