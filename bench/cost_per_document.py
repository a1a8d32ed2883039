"""CPU seconds and bytes that a document costs, step by step, and what that makes for three loads; SQLite and tantivy, one process.

    python bench/cost_per_document.py [--documents 3000]

CPU time, not time on the clock: a busy machine does not change it much. The texts are the sample city's, each told anew. The
arithmetic for the loads is written out in docs/operate/province.md; a core is taken to be busy for 60 % of a day on average.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

from _city_at_scale import coming

from crawler.intake import Intake
from huiyin.records import Record
from huiyin.search import open_index
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.work import Done, analyse_pending
from response_kits.rounds import Rounds

LOADS = (100_000, 5_000_000, 100_000_000)
BUSY = 0.6
DAY = 86_400
SHORT, LONG = 90, 730
"""Days of retention that are worked out."""


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and its threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=home)
        with closing(Record.open(settings)) as record, closing(open_index(settings)) as index:
            intake, documents = Intake(record, settings), list(islice(coming(0), count))
            analyser = Analyser.load()
            analyser.one(documents[0].text)  # word lists load outside the clock
            costs = {"store": cpu(lambda: intake.store(documents))}

            def analyse() -> None:
                while analyse_pending(record, analyser, "bench"):
                    pass

            costs["analyse"] = cpu(analyse)
            rounds = Rounds(record, settings, index)

            def tend() -> None:
                while rounds.round(Done()):
                    pass

            costs["group, tend, index"] = cpu(tend)
            if index.count() != count:
                raise SystemExit(f"the index has {index.count():,} of {count:,} documents")
        files = [file for file in Path(home).rglob("*") if file.is_file()]
        record_bytes = sum(file.stat().st_size for file in files if file.name.startswith("huiyin.db"))
        index_bytes = sum(file.stat().st_size for file in files if "index" in file.parts)
    return {
        **{name: seconds / count for name, seconds in costs.items()}, "record bytes": record_bytes / count, "index bytes": index_bytes / count,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=3_000)
    args = parser.parse_args()
    found = measure(args.documents)
    steps = [name for name in found if name not in ("record bytes", "index bytes", "memory")]
    print(f"{args.documents:,} documents; a document costs\n\n| what | how much |\n| --- | --- |")
    for name in steps:
        print(f"| {name} | {found[name] * 1000:.2f} ms of CPU |")
    print(
        f"| record | {found['record bytes']:,.0f} bytes |\n| index | {found['index bytes']:,.0f} bytes |\n| most memory of the process | {found['memory']:,.0f} MB |\n"
    )
    total, size = sum(found[name] for name in steps), found["record bytes"] + found["index bytes"]
    print(
        f"| documents a day | CPU hours a day | cores at {BUSY:.0%} | of these grouping (one writer) | disk for {SHORT} days | for {LONG} days |\n| --- | --- | --- | --- | --- | --- |"
    )
    for load in LOADS:
        cores, one = load * total / DAY / BUSY, load * found["group, tend, index"] / DAY / BUSY
        print(
            f"| {load:,} | {load * total / 3600:,.1f} | {cores:,.2f} | {one:,.2f} | {load * size * SHORT / 1e9:,.0f} GB | {load * size * LONG / 1e9:,.0f} GB |"
        )


if __name__ == "__main__":
    main()
