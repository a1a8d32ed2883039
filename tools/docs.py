"""Write the pages of docs/ that come from the program: settings and commands."""

from __future__ import annotations

import ast
from pathlib import Path

from huiyin import cli, settings

DOCS = Path(__file__).resolve().parent.parent / "docs"


def settings_page() -> str:
    lines = [
        "# Settings", "",
        "Written by `make docs`. Defaults < `huiyin.toml` (or the file that `HUIYIN_CONFIG` names) < `HUIYIN_<NAME>` in the environment.", "",
        "| name | default | meaning |", "| --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| `{name}` | `{default!r}` | {text} |" for name, default, text in settings.table()]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    lines = [
        "# Commands",
        "",
        "Written by `make docs`. `huiyin COMMAND --help` tells more.",
        "",
        "| command | what it does |",
        "| --- | --- |",
    ]
    for name, (_, file) in cli.commands().items():
        doc = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        lines.append(f"| `huiyin {name}` | {doc.splitlines()[0]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings_page(), "utf-8")
    (DOCS / "commands.md").write_text(commands_page(), "utf-8")
