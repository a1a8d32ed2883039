"""A waitress server in a thread of this process, ended in an order that cannot harm: the dashboard, the sample city, tests.

waitress's own close(), called from another thread, gives descriptors back while its loop selects on them and while a request's
thread may still write to one: the loop fails, or the byte lands in a file that was opened under the same number.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import waitress
from waitress import wasyncore

log = logging.getLogger("huiyin.serving")
GRACE = 5.0
"""Seconds that requests under way may take to end."""


class Served:
    """Serves `app` from the moment it is made. Raises OSError where the port is taken; port 0 picks a free one."""

    def __init__(
        self, app: Any, *, host: str = "127.0.0.1", port: int = 0, threads: int = 4, **options: Any
    ) -> None:
        self._map: dict[int, Any] = {}
        try:
            self._server: Any = waitress.create_server(
                app, self._map, host=host, port=port, threads=threads, **options
            )
        except OSError:
            self._close_all()  # what it had opened before it asked for the port
            raise
        self.port = int(self._server.effective_port)
        self.thread = threading.Thread(target=self._server.run, name=f"serving-{self.port}", daemon=True)
        self.thread.start()

    def close(self, grace: float = GRACE) -> None:
        """End requests, then let the loop's own thread close what it selects on. May be called twice."""
        if not self.thread.is_alive():
            return
        self._server.task_dispatcher.shutdown(timeout=grace)
        if self._server.task_dispatcher.threads:
            # A request that does not end would write to a closed descriptor: they stay open until the process ends.
            log.warning(
                "a request still runs after %s s; the server on port %d is left open", grace, self.port
            )
            return
        # The loop may run the thunk on the byte of an earlier pull, before this one has written its own: it waits for that byte,
        # or the write would meet a closed descriptor (or, worse, a file opened under the same number).
        pulled = threading.Event()

        def close_all() -> None:
            pulled.wait(grace)
            self._close_all()

        try:
            self._server.trigger.pull_trigger(close_all)
        finally:
            pulled.set()
        self.thread.join(grace)

    def _close_all(self) -> None:
        wasyncore.close_all(self._map, ignore_all=True)
