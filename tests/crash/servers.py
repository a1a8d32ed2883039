"""Real servers of a test's own: PostgreSQL, Redis, and a proxy that can cut or stall the network between two processes."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_open(port: int, patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port} after {patience} s")


class Postgres:
    """A server in a folder of its own; run as the user postgres where we are root, who may not run one."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        binary = found[-1] if found else Path(shutil.which("postgres") or "")
        if not binary.is_file():
            pytest.skip("needs PostgreSQL's server (Debian: apt-get install postgresql)")
        self.bin, self.port = binary.parent, free_port()
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(
            tempfile.mkdtemp(prefix="huiyin-postgres-")
        )  # pytest's folders are closed to other users
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            "huiyin",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        self.start()

    @property
    def address(self) -> str:
        return self.address_at(self.port)

    @staticmethod
    def address_at(port: int) -> str:
        return f"postgresql://huiyin@127.0.0.1:{port}/postgres"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"huiyin_{secrets.token_hex(4)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "huiyin", name)
        return f"postgresql://huiyin@127.0.0.1:{self.port}/{name}"

    def _run(self, name: str, *words: str) -> None:
        subprocess.run(
            [str(self.bin / name), *words], check=True, user=self._user, cwd=self.folder,
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def start(self) -> None:
        # fsync stays on: what is acknowledged must be on disk, also where the server is stopped hard.
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self._run(
            "pg_ctl",
            "-D",
            str(self.folder / "data"),
            "-w",
            "-o",
            options,
            "-l",
            str(self.folder / "log"),
            "start",
        )

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class Redis:
    """A server that keeps nothing: started again, it is empty."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("redis-server"):
            pytest.skip("needs Redis (Debian: apt-get install redis-server)")
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        words = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self._process = subprocess.Popen([*words, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        _until_open(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)
            self._process = None


class Proxy:
    """Forwards a port to another. `stall`: keeps connections open and passes nothing on; `refuse`: closes all, takes none."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, free_port()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._flow = threading.Event()
        self._flow.set()
        self._listener: socket.socket | None = None
        self._listen()

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to), 5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self._guard:
                self._open |= {client, server}
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                self._flow.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with self._guard:
                self._open.discard(end)
            end.close()

    def stall(self) -> None:
        self._flow.clear()

    def heal(self) -> None:
        self._flow.set()

    def refuse(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._guard:
            left = list(self._open)
        for end in left:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._flow.set()

    def accept(self) -> None:
        if self._listener is None:
            self._listen()

    def close(self) -> None:
        self.refuse()
