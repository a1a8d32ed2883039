"""Celery on Redis, set up so that nothing depends on a message: queues carry wake-ups, the record says what is to be done.

A task is one file that its room gives by address; it claims its work in the record, is bounded in time, and may run twice. A
lost message costs a moment: the scheduler sends wake-ups for whatever is unclaimed, again and again.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from huiyin.errors import Unavailable, UsageError
from huiyin.queue.lease import process_name
from huiyin.settings import Settings

log = logging.getLogger("huiyin.queue")
DEAF = 60.0
"""Seconds for which a free consumer may hear nothing while wake-ups wait."""
VISIBILITY = 7_200
"""Seconds after which Redis hands a message out again that nobody acknowledged: above every task's limit."""


@dataclass(frozen=True, slots=True)
class Task:
    """`address` is module:Class; the class takes the settings, its instance the message's words. `limit` in seconds is hard."""

    name: str
    address: str
    limit: int

    @property
    def queue(self) -> str:
        return f"huiyin.{self.name}"


TASKS = {
    task.name: task
    for task in (
        Task("analyse", "nlp.tasks:Analysing", limit=600),
        Task("crawl", "crawler.tasks:Crawling", limit=4_200),
    )
}


def make_app(settings: Settings) -> Any:
    """The Celery application. Raises UsageError where no queue is set or its client is not installed."""
    if not settings.queue:
        raise UsageError(
            "no task queue is set: give the setting queue the address of a Redis server, for example redis://host:6379/0"
        )
    try:
        from celery import Celery
    except ImportError as error:
        raise UsageError("workers need Celery and the Redis client: pip install 'huiyin[workers]'") from error
    app = Celery("huiyin", broker=settings.queue, set_as_current=False)
    app.conf.update(
        task_serializer="json", accept_content=["json"], task_ignore_result=True,
        task_acks_late=True, task_reject_on_worker_lost=False,  # the scheduler wakes again what died unclaimed
        worker_prefetch_multiplier=1, worker_max_tasks_per_child=500, worker_hijack_root_logger=False,
        worker_enable_remote_control=False, worker_send_task_events=False,
        broker_connection_retry=True, broker_connection_retry_on_startup=True, broker_connection_max_retries=None,
        broker_connection_timeout=5, worker_proc_alive_timeout=120,  # the models are loaded in it
        broker_transport_options={
            "visibility_timeout": VISIBILITY, "socket_timeout": 20, "socket_connect_timeout": 5, "socket_keepalive": True,
            "health_check_interval": 20,
        },
    )  # fmt: skip
    handlers = Handlers(settings)
    for task in TASKS.values():
        app.task(
            handlers.runner(task),
            name=task.name,
            shared=False,
            time_limit=task.limit,
            soft_time_limit=task.limit - 30,
        )
    app.handlers = handlers
    return app


class Handlers:
    """What does the work of this process's tasks: made once a process, before the first message or with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Callable[..., None]] = {}

    def get(self, task: Task) -> Callable[..., None]:
        if task.name not in self._made:
            module, _, name = task.address.partition(":")
            self._made[task.name] = getattr(importlib.import_module(module), name)(self._settings)
        return self._made[task.name]

    def runner(self, task: Task) -> Callable[..., None]:
        def run(*words: str) -> None:
            self.get(task)(*words)

        return run


def wake(app: Any, name: str, *words: str) -> None:
    """Send one wake-up. Raises Unavailable where the queue does not answer."""
    with _answering():
        app.send_task(name, args=words, queue=TASKS[name].queue, retry=False)


def waiting(app: Any, name: str) -> int:
    """Wake-ups that nobody has taken yet. Raises Unavailable where the queue does not answer."""
    with _answering(), app.connection_for_write() as connection:
        from kombu.exceptions import ChannelError

        connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
        try:
            return int(
                connection.default_channel.queue_declare(TASKS[name].queue, passive=True).message_count
            )
        except ChannelError:  # nobody has sent anything yet
            return 0


class _answering:
    """Turns what Redis and its client raise into Unavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        if isinstance(error, (OperationalError, RedisError, OSError)):
            raise Unavailable(f"the task queue does not answer: {str(error)[:200]}") from error


class _Ear:
    """Ends this process where wake-ups wait, processes are free, and none is heard: where Redis went away between a task's end and
    its acknowledgement, Celery counts that message as taken for ever and, fetching one at a time, takes no other. The supervisor starts a new one; what was under way is claimed again."""

    def __init__(self, app: Any, name: str, processes: int) -> None:
        from celery.signals import task_received

        self.app, self.name, self.processes = app, name, processes
        self.heard = self.busy = time.monotonic()
        task_received.connect(self.hear, weak=False)
        threading.Thread(target=self._listen, name="ear", daemon=True).start()

    def hear(self, **_: Any) -> None:
        self.heard = time.monotonic()

    def _listen(self) -> None:
        from celery.worker import state

        while True:
            time.sleep(DEAF / 6)
            try:
                left = waiting(self.app, self.name)
            except Unavailable:
                left = 0
            if not left:
                self.hear()
            if len(state.active_requests) >= self.processes:
                self.busy = time.monotonic()
            now, longest = time.monotonic(), TASKS[self.name].limit
            if now - max(self.heard, self.busy) > DEAF or now - self.heard > longest + DEAF:
                log.error("%d wake-ups wait and none is heard: this process ends, to be started again", left)
                os._exit(1)


def consume(settings: Settings, name: str, processes: int) -> int:
    """Take wake-ups of one kind in this process's children until SIGTERM or until our parent is gone."""
    from celery.signals import worker_process_init

    app = make_app(settings)

    def child_began(**_: Any) -> None:
        _end_with_parent(hard=True)
        app.handlers.get(
            TASKS[name]
        )  # models are loaded, and what a dead process held is given back, before the first message

    worker_process_init.connect(child_began, weak=False)
    _end_with_parent(hard=False)
    worker = app.Worker(
        queues=[TASKS[name].queue], concurrency=processes, pool="prefork", loglevel="WARNING", hostname=f"{name}@{process_name()}",
        without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True, redirect_stdouts=False,
    )  # fmt: skip
    _Ear(app, name, processes)
    worker.start()
    return 0


def _end_with_parent(*, hard: bool) -> None:
    """Watch the parent: a process whose supervisor was killed must not work on unseen."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        if not hard:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(20)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
