"""The way out: which addresses may be visited (SSRF guard), how fast (host gate), under which name, and within which limits.

Scrapy runs without Twisted's reactor, on aiohttp. The guard sits at three places: the URL (scheme, literal addresses), the
resolver (all addresses of a name must be public; the connection uses exactly those), and the socket, where the address that
is really dialled is checked once more. Redirects are new requests and pass the same way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.exceptions import IgnoreRequest

from huiyin.errors import HuiyinError, UsageError
from huiyin.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
REDIRECTS = 5
HEADER_LINE = 16_384
"""Longest header line in bytes; aiohttp refuses more than 128 lines as well."""
_EXTRA_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "fec0::/10",
    )
)


class ForbiddenAddress(HuiyinError):
    """An address that the crawler must not visit: not http(s), or not public."""


def user_agent(settings: Settings) -> str:
    """The name the crawler gives itself, with a way to reach its owner."""
    return f"{settings.user_agent}; {settings.contact}" if settings.contact else settings.user_agent


def is_public(address: Address) -> bool:
    """False for private, loopback, link-local, shared (CGNAT), multicast, reserved, and IPv6 forms that carry such an IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if carried is None and address in ipaddress.ip_network("64:ff9b::/96"):
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(carried)
        if int(address) >> 32 == 0:  # ::, ::1 and the old IPv4-compatible form
            return False
    closed = (
        address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
        or address.is_reserved or address.is_unspecified or not address.is_global
    )  # fmt: skip
    return not closed and not any(
        address in network for network in _EXTRA_CLOSED if network.version == address.version
    )


@dataclass(frozen=True)
class Guard:
    """Says which addresses may be visited: public ones, and the exceptions of `settings.allow_private`."""

    networks: tuple[Network, ...] = ()
    pairs: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(cls, settings: Settings, also: Iterable[str] = ()) -> Guard:
        """From the setting, with more host:port pairs. Raises UsageError naming an entry that is neither pair nor CIDR."""
        networks: list[Network] = []
        pairs: set[tuple[str, int]] = set()
        for entry in [*settings.allow_private.split(","), *also]:
            entry = entry.strip()
            if not entry:
                continue
            try:
                if "/" in entry:
                    networks.append(ipaddress.ip_network(entry, strict=False))
                else:
                    parts = urlsplit(f"//{entry}")
                    if parts.port is None or not parts.hostname:
                        raise ValueError("no port")
                    pairs.add((parts.hostname.lower(), parts.port))
            except ValueError as error:
                raise UsageError(
                    f"allow_private holds {entry!r}; use host:port or CIDR, for example 10.1.2.3:8080 or 10.0.0.0/8"
                ) from error
        return cls(tuple(networks), frozenset(pairs))

    def check_url(self, url: str) -> None:
        """Raise ForbiddenAddress unless the URL is http(s), without credentials, and its literal address (if any) is allowed."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise ForbiddenAddress(f"{url[:200]} is not an address that can be visited") from error
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host:
            raise ForbiddenAddress(f"{url[:200]} is not visited: only http and https are")
        if parts.username is not None or parts.password is not None:
            raise ForbiddenAddress(f"an address of {host} is not visited: it carries a user name")
        try:
            literal = ipaddress.ip_address(host.split("%")[0])
        except ValueError:
            return  # a name: the resolver decides
        self.check_address(str(literal), port, host)

    def check_address(self, address: str, port: int, host: str = "") -> None:
        """Raise ForbiddenAddress unless this address and port may be dialled for `host`."""
        parsed = ipaddress.ip_address(address.split("%")[0])
        if (address, port) in self.pairs or (host.lower(), port) in self.pairs or is_public(parsed):
            return
        if any(parsed in network for network in self.networks if network.version == parsed.version):
            return
        name = f"{host} ({address})" if host and host != address else address
        raise ForbiddenAddress(
            f"{name} port {port} is not a public address; allow_private can make an exception"
        )


class _Resolver(AbstractResolver):
    """The system's resolver, but a name with one forbidden address is refused whole."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
        )
        results: list[ResolveResult] = []
        for kind, _type, proto, _name, address in found:
            self._guard.check_address(str(address[0]), port, host)
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=kind,
                    proto=proto,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is held."""


class GuardedHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler behind the guard and the host gate of the run (`spider.run`)."""

    experimental = False

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        run = crawler.spider.run
        self._guard: Guard = run.guard
        self._gate: HostGate = run.gate
        self._least_delay: float = run.delay
        # Scrapy made a session without the guard a moment ago; it has no connection yet and is closed with ours.
        self._unguarded = self._session

        def dial(info: Any) -> socket.socket:
            family, kind, proto, _name, address = info
            self._guard.check_address(str(address[0]), int(address[1]), self._hosts.get(str(address[0]), ""))
            made = socket.socket(family, kind, proto)
            made.setblocking(False)
            return made

        self._hosts: dict[str, str] = {}
        resolver = _Resolver(self._guard)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolver, limit=16, limit_per_host=2, socket_factory=dial
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            response_class=_ClientResponse,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=HEADER_LINE,
            max_field_size=HEADER_LINE,
        )

    async def download_request(self, request: Any) -> Any:
        self._guard.check_url(request.url)
        async with self._gate.turn(request.url, self._least_delay) as turn:
            response = await super().download_request(request)
            turn.status = response.status
            turn.retry_after = (response.headers.get("Retry-After") or b"").decode("latin-1")
            return response

    async def close(self) -> None:
        await self._unguarded.close()
        await super().close()


@dataclass
class _Host:
    slots: asyncio.Semaphore
    next: float = 0.0
    penalty: float = 0.0
    latency: float = 0.0
    crawl_delay: float = 0.0


@dataclass
class Turn:
    """What came of one request; read by the gate when the turn ends."""

    status: int = 0
    retry_after: str = ""


class HostGate:
    """At most two requests at once and a pause between starts, per host, over all sources of this process's crawl.

    The pause is the greatest of: the source's delay, the robots crawl-delay, the host's recent latency (a slow host is
    asked less), and a penalty that doubles with each failure and halves with each success.
    """

    MOST = 60.0

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    def host(self, url: str) -> _Host:
        netloc = urlsplit(url).netloc.lower()
        if netloc not in self._hosts:
            self._hosts[netloc] = _Host(asyncio.Semaphore(2))
        return self._hosts[netloc]

    @asynccontextmanager
    async def turn(self, url: str, delay: float) -> AsyncIterator[Turn]:
        """Wait for this host's turn; the body makes the request and fills the Turn."""
        host = self.host(url)
        async with host.slots:
            # A source that asks for no delay at all is our own sample or a test: it is not slowed by latency either.
            pause = max(delay, host.crawl_delay, host.latency if delay else 0.0) + host.penalty
            now = time.monotonic()
            start = max(now, host.next)
            host.next = start + pause
            if start > now:
                await asyncio.sleep(start - now)
            turn = Turn()
            began = time.monotonic()
            try:
                yield turn
            finally:
                self._learn(host, turn, time.monotonic() - began, delay)

    def _learn(self, host: _Host, turn: Turn, seconds: float, delay: float) -> None:
        host.latency = seconds if not host.latency else 0.7 * host.latency + 0.3 * min(seconds, self.MOST)
        if turn.status in (429, 503) and turn.retry_after.isdigit() and delay:
            host.next = max(host.next, time.monotonic() + min(float(turn.retry_after), self.MOST))
        if turn.status == 0 or turn.status >= 500 or turn.status == 429:
            host.penalty = min(self.MOST, max(2 * host.penalty, delay))
        else:
            host.penalty = host.penalty / 2 if host.penalty > 0.05 else 0.0


@dataclass
class RobotsCache:
    """robots.txt by scheme and host, for the sources of one crawl: a Protego, None (all allowed), or the reason why not."""

    known: dict[str, Any] = field(default_factory=dict)


class Refused(IgnoreRequest):
    """robots.txt does not let us read this address, or could not be read itself."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unreachable = unreachable
