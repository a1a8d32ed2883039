"""Spoiled files at every door: cases, how they ended, worst CPU time. Exit 1 where one ended neither in a result nor in our error.

    python bench/fuzz_parsers.py [--cases N] [--door NAME …] [--first N] [--limit SECONDS]

The cases of a door are numbered; the same number is the same input on every machine (tests/fuzz/runner.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "fuzz"), str(ROOT)]

from parsers import DOORS  # noqa: E402
from runner import run  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1100, help="cases a door (default: %(default)s)")
    parser.add_argument("--door", nargs="+", choices=[door.name for door in DOORS])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument(
        "--limit", type=float, default=10.0, help="CPU seconds that a case may take (default: %(default)s)"
    )
    args = parser.parse_args()
    print(f"{'door':<13} {'cases':>6} {'read':>6} {'refused':>8} {'worst s':>8} {'failures':>9}")
    total = bad = 0
    worst = 0.0
    for door in DOORS:
        if args.door and door.name not in args.door:
            continue
        found = run(door.name, args.cases, first=args.first)
        if found.worst > args.limit:
            found.failures[found.worst_case] = f"took {found.worst:.1f} s"
        print(
            f"{found.name:<13} {found.cases:>6} {found.read:>6} {found.refused:>8} {found.worst:>8.2f} {len(found.failures):>9}",
            flush=True,
        )
        for number, how in list(found.failures.items())[:8]:
            print(f"    case {number}: {how}")
        total, bad, worst = total + found.cases, bad + len(found.failures), max(worst, found.worst)
    print(f"{total:,} cases, {bad} failures, worst {worst:.2f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
