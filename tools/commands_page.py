"""Write docs/{ja,en}/commands.md from the commands' own help, so that the page cannot fall behind.

`python tools/commands_page.py` writes both pages; `--check` exits 1 where a page differs.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = {
    "en": "# Commands\n\nWritten from the commands' own help. `--json` may stand anywhere; exit status: 0 fine, 1 found something, "
    "2 bad usage or input and nothing changed, 3 a system could not be reached.\n",
    "ja": "# コマンド\n\nコマンド自身の説明から作っています。`--json` はどこにでも置けます。終了コード：0 問題なし、1 確認すべきものあり、"
    "2 入力の誤りで何も変えていない、3 システムに接続できない。\n",
}


def page(language: str) -> str:
    """Return the page in one language; help texts are chosen when a command is imported, hence the own process."""
    out = subprocess.run(
        [sys.executable, __file__, "--body"],
        env={**os.environ, "SEKISHO_LANG": language, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAD[language] + out.stdout


def body() -> str:
    """Return the help of every command and subcommand of this process's language."""
    import click

    from sekisho.cli.main import sekisho

    parts: list[str] = []

    def walk(command: click.Command, words: list[str]) -> None:
        context = click.Context(command, info_name=" ".join(words), max_content_width=100, terminal_width=100)
        parts.append(f"\n## {' '.join(words)}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                if inner is not None:
                    walk(inner, [*words, name])

    walk(sekisho, ["sekisho"])
    return "".join(parts)


def main() -> int:
    """Write the pages, or tell whether they are current."""
    if "--body" in sys.argv:
        sys.stdout.write(body())
        return 0
    stale = 0
    for language in ("ja", "en"):
        file = ROOT / "docs" / language / "commands.md"
        wanted = page(language)
        if file.read_text("utf-8") != wanted:
            stale += 1
            if "--check" not in sys.argv:
                file.write_text(wanted, "utf-8")
    if stale and "--check" in sys.argv:
        sys.stderr.write("docs/*/commands.md differ from the commands' help; run python tools/commands_page.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
