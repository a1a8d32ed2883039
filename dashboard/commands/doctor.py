"""check settings, models, record, index, sources, fonts; one line each; exit 1 where something is broken"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from huiyin.errors import HuiyinError
from huiyin.settings import Settings, table


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings", action="store_true", help="list every setting with its default and meaning, and stop"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.settings:
        for name, default, text in table():
            print(f"{name} = {default!r}\n    {text}")
        return 0
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("settings", _settings), ("record", _record), ("index", _index), ("models", _models), ("sources", _sources),
        ("fonts", _fonts), ("scripts", _scripts), ("audit", _audit),
    ]  # fmt: skip
    broken = 0
    for name, check in checks:
        try:
            print(f"ok      {name:<9} {check(settings)}")
        except (HuiyinError, OSError, ImportError, ValueError) as error:
            broken += 1
            print(f"BROKEN  {name:<9} {error}")
    return 1 if broken else 0


def _settings(settings: Settings) -> str:
    home = settings.home_path
    home.mkdir(parents=True, exist_ok=True)
    probe = home / ".probe"
    probe.write_text("")
    probe.unlink()
    return f"everything is written to {home}"


def _record(settings: Settings) -> str:
    from sqlalchemy import func, select

    from huiyin.records import DocumentRow, Record

    record = Record.open(settings)
    with record.session(write=False) as session:
        count = session.scalar(select(func.count()).select_from(DocumentRow))
    return f"{record.engine.dialect.name}, {count:,} documents"


def _index(settings: Settings) -> str:
    from huiyin.search import open_index

    index = open_index(settings)
    count = index.count()
    index.close()
    return f"{type(index).__name__}, {count:,} entries"


def _models(settings: Settings) -> str:
    from nlp.analyse import Analyser

    result = Analyser.load().one("云江市第三小学多名学生就餐后呕吐，家长要求公布食材来源。")
    return f"a sample sentence is read as topic {result.topic}, urgency {result.urgency}"


def _sources(settings: Settings) -> str:
    from sqlalchemy import select

    from huiyin.records import Record, Source

    with Record.open(settings).session(write=False) as session:
        rows = list(session.scalars(select(Source).where(Source.enabled)))
    bad = [f"{row.name} ({row.state})" for row in rows if row.state in ("broken", "blocked")]
    if bad:
        raise HuiyinError(f"{len(bad)} of {len(rows)} sources need a person: {', '.join(bad[:5])}")
    return f"{len(rows)} switched on, none broken or blocked"


def _fonts(settings: Settings) -> str:
    from response_kits.briefs.fonts import font_folder

    return f"Chinese fonts for PDF and pictures in {font_folder().name}"


def _scripts(settings: Settings) -> str:
    from pathlib import Path

    import dashboard

    folder = Path(dashboard.__file__).parent / "static" / "vendor"
    missing = [name for name in ("htmx.min.js", "echarts.min.js") if not (folder / name).exists()]
    if missing:
        raise HuiyinError(
            f"{', '.join(missing)} missing: run `make vendor` (pages can still be read without)"
        )
    return "the dashboard's scripts are there"


def _audit(settings: Settings) -> str:
    from huiyin.records import Record
    from huiyin.records.audit import verify

    with Record.open(settings).session(write=False) as session:
        count, problem = verify(session)
    if problem:
        raise HuiyinError(f"the audit chain is broken after row {count}: {problem}")
    return f"{count:,} rows, each follows from the one before"
