"""Cases in a process of their own: a crash or a hang of native code ends the process, is noted with its case, and the run goes on."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import random
import sys
import time
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HANG = 90.0
"""Wall seconds after which a case counts as hung; a machine may be busy with other things."""


@dataclass
class Outcome:
    """`refused`: ended in our own error. `worst`: most CPU seconds of a case. `failures`: case → what happened."""

    name: str
    cases: int = 0
    read: int = 0
    refused: int = 0
    worst: float = 0.0
    worst_case: int = -1
    failures: dict[int, str] = field(default_factory=dict)


def case(name: str, number: int, seeds: list[bytes]) -> bytes:
    """The input of a case, always the same."""
    from mutate import spoil

    chance = random.Random(int.from_bytes(hashlib.sha256(f"{name}:{number}".encode()).digest()[:8], "big"))
    if number < len(seeds):
        return seeds[number]
    if chance.random() < 0.03:
        return chance.randbytes(chance.choice((0, 1, 3, 50, 5000)))
    if chance.random() < 0.03:  # words without any mark between them
        return "".join(
            chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(chance.choice((200, 2000, 6000)))
        ).encode()
    return spoil(chance.choice(seeds), chance.choice(seeds), chance)


def run(name: str, cases: int, *, first: int = 0) -> Outcome:
    """All cases of one door."""
    context = multiprocessing.get_context("spawn")
    outcome = Outcome(name)
    at = first
    while at < first + cases:
        mine, theirs = context.Pipe()
        child = context.Process(target=_work, args=(name, at, first + cases, theirs), daemon=True)
        child.start()
        theirs.close()
        at = _listen(child, mine, outcome, at)
        child.join(5)
        if child.is_alive():
            child.kill()
        mine.close()
    outcome.cases = cases
    return outcome


def _listen(child: Any, pipe: Any, outcome: Outcome, at: int) -> int:
    """Take what the child reports until it ends; the number of the next case."""
    ready = False
    while True:
        if not pipe.poll(HANG if ready else 300.0):
            child.kill()
            outcome.failures[at] = "hung"
            return at + 1
        try:
            said = pipe.recv()
        except EOFError:
            child.join(5)
            outcome.failures[at] = f"the process ended with {child.exitcode}"
            return at + 1
        if said is None:
            return sys.maxsize
        if said == "ready":
            ready = True
            continue
        number, how, seconds = said
        at = number + 1
        outcome.read += how == "read"
        outcome.refused += how == "refused"
        if how not in ("read", "refused"):
            outcome.failures[number] = how
        if seconds > outcome.worst:
            outcome.worst, outcome.worst_case = seconds, number


def _work(name: str, start: int, end: int, pipe: Any) -> None:
    sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
    import logging

    from parsers import DOORS

    from huiyin.errors import HuiyinError

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    door = next(door for door in DOORS if door.name == name)
    seeds = door.seeds()
    with contextlib.suppress(HuiyinError):
        door.parse(seeds[0])  # models and word lists load outside the clock
    pipe.send("ready")
    for number in range(start, end):
        data = case(name, number, seeds)
        began = time.process_time()
        try:
            door.parse(data)
            how = "read"
        except HuiyinError:
            how = "refused"
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            how = f"{type(error).__name__}: {str(error)[:160]} ({Path(where.filename).name}:{where.lineno})"
        pipe.send((number, how, time.process_time() - began))
    pipe.send(None)
