"""The guard against requests into private networks, and the pace of the host gate."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest

from crawler.net import ForbiddenAddress, Guard, HostGate, _Resolver, is_public, user_agent
from huiyin import settings as settings_module
from huiyin.errors import UsageError

CLOSED = [
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1",
    "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:db8::1", "::127.0.0.1", "fec0::1",
]  # fmt: skip


@pytest.mark.parametrize("address", CLOSED)
def test_closed_addresses(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ForbiddenAddress):
        Guard().check_url(f"http://{host}/")


@pytest.mark.parametrize("address", ["1.1.1.1", "202.96.128.86", "2400:3200::1", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://a/",
        "javascript:alert(1)",
        "http://",
        "http://u:p@example.com/",
        "http://a:99999/",
        "data:text/html,x",
    ],
)
def test_other_schemes_and_odd_addresses(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        Guard().check_url(url)


def test_exceptions_are_exact() -> None:
    guard = Guard.of(settings_module.load(environ={}, allow_private="127.0.0.1:8100, 10.9.0.0/16"))
    guard.check_url("http://127.0.0.1:8100/a")
    guard.check_url("http://10.9.4.4/")
    for url in ("http://127.0.0.1:8101/", "http://127.0.0.2:8100/", "http://10.10.0.1/"):
        with pytest.raises(ForbiddenAddress):
            guard.check_url(url)


@pytest.mark.parametrize("value", ["nonsense", "10.0.0.0/99", "host:port"])
def test_bad_exceptions_are_named(value: str) -> None:
    with pytest.raises(UsageError, match="allow_private"):
        Guard.of(settings_module.load(environ={}, allow_private=value))


def test_user_agent_names_a_contact() -> None:
    assert "press@example.gov.cn" in user_agent(
        settings_module.load(environ={}, contact="press@example.gov.cn")
    )


def test_gate_keeps_a_pause_and_backs_off() -> None:
    async def pauses(statuses: list[int]) -> list[float]:
        """The pauses that the gate asks for before each further request (not measured: as it plans them)."""
        gate, url, planned = HostGate(), "http://a.example/x", []
        for status in statuses:
            async with gate.turn(url, 0.05) as turn:
                turn.status = status
            planned.append(0.05 + gate.host(url).penalty)
        return planned

    assert asyncio.run(pauses([200, 200])) == [0.05, 0.05]
    assert asyncio.run(pauses([500, 500, 0])) == pytest.approx(
        [0.1, 0.15, 0.25]
    )  # each failure doubles what is added
    assert asyncio.run(pauses([429, 200, 200])) == pytest.approx([0.1, 0.05, 0.05])


def test_gate_lets_two_in_at_once_over_all_sources() -> None:
    async def most() -> int:
        gate, inside, top = HostGate(), 0, 0

        async def one() -> None:
            nonlocal inside, top
            async with gate.turn("http://a.example/", 0.0) as turn:
                inside += 1
                top = max(top, inside)
                await asyncio.sleep(0.01)
                inside -= 1
                turn.status = 200

        await asyncio.gather(*(one() for _ in range(6)))
        return top

    assert asyncio.run(most()) == 2


def test_a_name_of_a_private_address_is_refused_whole() -> None:
    with pytest.raises(ForbiddenAddress, match="localhost"):
        asyncio.run(_Resolver(Guard()).resolve("localhost", 80, socket.AF_UNSPEC))
    guard = Guard.of(settings_module.load(environ={}, allow_private="localhost:80"))
    found = asyncio.run(_Resolver(guard).resolve("localhost", 80, socket.AF_INET))
    assert {entry["host"] for entry in found} == {"127.0.0.1"}  # what is dialled is what was checked
