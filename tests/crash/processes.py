"""Processes of ours that a test starts, watches and kills."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


@dataclass
class Running:
    """One process, with what it has said in the file `out`."""

    pid: int
    words: tuple[str, ...]
    out: Path
    started: float
    ended: threading.Event = field(default_factory=threading.Event)
    status: int | None = None

    def alive(self) -> bool:
        return not self.ended.is_set()

    def kill(self, number: int = signal.SIGKILL) -> bool:
        """Send a signal; whether the process still lived."""
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill_group(self) -> bool:
        """kill -9 of the process and all that it started, at once."""
        lived = self.alive()
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return lived

    def wait(self, patience: float = 120.0) -> int:
        assert self.ended.wait(patience), f"{' '.join(self.words)} does not end:\n{self.tail()}"
        assert self.status is not None
        return self.status

    def said(self) -> str:
        return self.out.read_text("utf-8", "replace") if self.out.exists() else ""

    def tail(self) -> str:
        return self.said()[-3000:]


class Zygote:
    """See tests/crash/zygote.py. `environment` is for the forks, beside this process's own."""

    def __init__(self, folder: Path, nice: int = 10) -> None:
        self.folder = folder
        self._number = 0
        self._pids: queue.Queue[int] = queue.Queue()
        self._running: dict[int, Running] = {}
        self._early: dict[int, int] = {}
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            ["nice", "-n", str(nice), sys.executable, "-m", "tests.crash.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}, **QUIET},
        )  # fmt: skip
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline()) == {"ready": True}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if "status" not in message:
                self._pids.put(message["pid"])
                continue
            with self._lock:
                running = self._running.pop(message["pid"], None)
                if running is None:
                    self._early[message["pid"]] = message["status"]
                else:
                    running.status = message["status"]
                    running.ended.set()

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> Running:
        """Start `huiyin WORDS`."""
        self._number += 1
        out = self.folder / f"{self._number:04d}-{'-'.join(w for w in words if w.isalpha())[:40]}.log"
        order = {"argv": list(words), "env": dict(env or {}), "out": str(out)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        running = Running(self._pids.get(timeout=60), words, out, time.monotonic())
        with self._lock:
            if running.pid in self._early:
                running.status = self._early.pop(running.pid)
                running.ended.set()
            else:
                self._running[running.pid] = running
        return running

    def close(self) -> None:
        """Kill what still runs, then the fork server."""
        with self._lock:
            left = list(self._running.values())
        for running in left:
            running.kill_group()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`, now."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == pid:
                found.append(int(folder.name))
    return found
