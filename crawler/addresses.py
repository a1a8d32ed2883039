"""Addresses of pages and of places: the canonical URL, the key under which a visit is kept, the province of a text."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = re.compile(
    r"^(utm_\w+|spm|scm|wfr|share_\w+|sharefrom|from_source|isappinstalled|fbclid|gclid|nsukey|tdsourcetag|hmsr|jsessionid)$",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}
PROVINCES = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北",
    "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "香港", "澳门", "台湾",
)  # fmt: skip


def canonical(url: str) -> str:
    """One spelling of an address: lower-case scheme and host, no default port, fragment or tracking parameters.

    What is no http(s) address comes back as it is.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host:
        return url.strip()
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port in (None, _PORTS[scheme]) else f"{host}:{port}"
    query = parts.query
    if query and any(_TRACKING.match(name) for name, _ in parse_qsl(query, keep_blank_values=True)):
        kept = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _TRACKING.match(k)]
        query = urlencode(kept)
    # A few sites route by the fragment (#/detail/1); there it is part of the address.
    fragment = parts.fragment if parts.fragment.startswith(("/", "!/")) else ""
    return urlunsplit((scheme, netloc, parts.path or "/", query, fragment))


def visit_key(url: str) -> str:
    """The key of an address in `visits`: canonical, and cut with a hash where it is longer than the column."""
    key = canonical(url)
    if len(key) <= 1000:
        return key
    return f"{key[:900]}#{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def provinces(text: str) -> str:
    """The province that a place text names (发布于 广东, IP属地：广东 深圳), "" where none: finer places are not kept."""
    return next((name for name in PROVINCES if name in text), "")
