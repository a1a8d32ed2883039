"""`huiyin …`: the composition root. It finds each room's commands by file name and imports only the one asked for.

A command is a file `<room>/commands/<name>.py` (`_` in the name stands for `-`) with a docstring whose first line is its
help, `configure(parser)` and `run(args, settings) -> int`. Adding a command is adding one file.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from huiyin import settings as settings_module
from huiyin.errors import HuiyinError, UsageError

ROOMS = ("huiyin", "crawler", "nlp", "response_kits", "dashboard")


def commands() -> dict[str, tuple[str, Path]]:
    """Name → (module, file) of every command, without importing any."""
    found: dict[str, tuple[str, Path]] = {}
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        if spec is None or not spec.submodule_search_locations:
            continue
        folder = Path(next(iter(spec.submodule_search_locations))) / "commands"
        for file in sorted(folder.glob("[!_]*.py")):
            found[file.stem.replace("_", "-")] = (f"{room}.commands.{file.stem}", file)
    return dict(sorted(found.items()))


def _first_line(file: Path) -> str:
    doc = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return doc.split("\n", 1)[0]


def _overview(found: dict[str, tuple[str, Path]]) -> str:
    lines = [
        "usage: huiyin [--config FILE] [--home DIR] COMMAND …",
        "",
        "回音: hears what the public says, helps to answer it truly and in time.",
        "",
        "commands:",
    ]
    width = max(map(len, found), default=0)
    lines += [f"  {name:<{width}}  {_first_line(file)}" for name, (_, file) in found.items()]
    lines += [
        "",
        "huiyin COMMAND --help tells more. Settings: huiyin.toml or HUIYIN_* (huiyin doctor --settings lists them).",
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0: success, 1: failure (one sentence on standard error), 2: wrong use."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    found = commands()
    config: str | None = None
    home: str | None = None
    while arguments and arguments[0] in ("--config", "--home") and len(arguments) > 1:
        option, value = arguments[:2]
        config, home = (value, home) if option == "--config" else (config, value)
        arguments = arguments[2:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview(found))
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(version("huiyin"))
        return 0
    if config:  # for the processes that we start: they read the same settings
        os.environ["HUIYIN_CONFIG"] = str(Path(config).resolve())
    name = arguments[0]
    if name not in found:
        print(f"huiyin: no command {name!r}; choose from {', '.join(found)}", file=sys.stderr)
        return 2
    try:
        module = importlib.import_module(found[name][0])
        parser = argparse.ArgumentParser(
            prog=f"huiyin {name}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(parser)
        args = parser.parse_args(arguments[1:])
        return int(module.run(args, settings_module.load(config, home=home)) or 0)
    except UsageError as error:
        print(f"huiyin {name}: {error}", file=sys.stderr)
        return 2
    except HuiyinError as error:
        print(f"huiyin {name}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) went away: not our failure. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        print(f"huiyin {name}: stopped", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
