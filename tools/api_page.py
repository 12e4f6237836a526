"""Write the reference in docs/{ja,en}/api.md from the OpenAPI document, so that the page cannot fall behind.

What stands above the mark is written by hand and kept. `python tools/api_page.py` writes both pages; `--check` exits 1
where a page differs.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EVERYWHERE = {"Idempotency-Key", "limit", "cursor"}
"""Parameters that the guide above the mark explains once."""
MARK = "<!-- below: written by tools/api_page.py -->\n"
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "problems": "Kinds of problem",
        "problem_head": "| status | type ends in | meaning, and what to do |\n|---|---|---|",
        "calls": "Calls",
        "parameters": "| parameter | in | shape | meaning |\n|---|---|---|---|",
        "body": "Body",
        "file": "the file itself, as application/octet-stream",
        "answer": "Answer",
        "shapes": "Shapes",
        "fields": "| field | shape | meaning |\n|---|---|---|",
        "stop": ". ",
        "or_null": "or null",
        "list_of": "list of",
    },
    "ja": {
        "problems": "エラーの種類",
        "problem_head": "| 状態 | type の末尾 | 意味と対処 |\n|---|---|---|",
        "calls": "呼び出し",
        "parameters": "| 項目 | 場所 | 形 | 意味 |\n|---|---|---|---|",
        "body": "本文",
        "file": "ファイルそのもの（application/octet-stream）",
        "answer": "応答",
        "shapes": "形",
        "fields": "| 項目 | 形 | 意味 |\n|---|---|---|",
        "stop": "。",
        "or_null": "または null",
        "list_of": "の一覧：",
    },
}
Node = Mapping[str, Any]


def reference(language: str) -> str:
    """Return everything below the mark."""
    from sekisho.api import addresses, openapi, problems
    from sekisho.texts import text

    document, words = openapi.document(addresses.ninja, language), WORDS[language]
    parts = [f"## {words['problems']}\n", words["problem_head"]]
    for status, kind in problems.KINDS.items():
        meaning = text(f"api.meaning_{kind.replace('-', '_')}", None, language)
        parts.append(f"| {status} | `{kind}` | {meaning} |")
    parts.append(f"\n## {words['calls']}\n")
    for tag in document["tags"]:
        open_, close = "（）" if language == "ja" else (" (", ")")
        parts.append(f"### {tag['description']}{open_}`{tag['name']}`{close}\n")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag["name"]]:
                    parts += _call(path, method, operation, words)
    parts.append(f"## {words['shapes']}\n")
    for name, shape in sorted(document["components"]["schemas"].items()):
        if shape.get("properties") and not name.startswith("Listed_"):
            parts += [f"### {name}\n", words["fields"]]
            parts += [
                f"| `{field}` | {_shape(about, words)} | {about.get('description', '')} |"
                for field, about in shape["properties"].items()
            ]
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _call(path: str, method: str, operation: Node, words: Mapping[str, str]) -> Iterator[str]:
    yield f"#### `{method.upper()} {path.removeprefix('/api/v1')}`\n"
    yield f"{operation['summary']}{words['stop']}{operation['description']}\n"
    own = [one for one in operation["parameters"] if one["name"] not in EVERYWHERE]
    if own:
        yield words["parameters"]
        for one in own:
            name = f"**`{one['name']}`**" if one["required"] else f"`{one['name']}`"
            yield f"| {name} | {one['in']} | {_shape(one['schema'], words)} | {one['description']} |"
        yield ""
    if "requestBody" in operation:
        kind, content = next(iter(operation["requestBody"]["content"].items()))
        yield f"{words['body']}: {words['file'] if kind != 'application/json' else _shape(content['schema'], words)}\n"
    status, answer = next((status, one) for status, one in operation["responses"].items() if status.startswith("2"))
    yield f"{words['answer']}: {status} {_shape(answer['content']['application/json']['schema'], words)}\n"


def _shape(schema: Node, words: Mapping[str, str]) -> str:
    """Return a schema in a few words; what has a name is linked to its own table."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name.startswith("Listed_"):
            inner = name.removeprefix("Listed_").removesuffix("_")
            return f"`{{items, next, total}}` {words['list_of']} {_link(inner)}"
        return _link(name)
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        said = " / ".join(_shape(one, words) for one in kinds)
        return f"{said} {words['or_null']}" if len(kinds) < len(schema["anyOf"]) else said
    if "allOf" in schema:
        return _shape(schema["allOf"][0], words)
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"{words['list_of']} {_shape(schema['items'], words)}"
    kind = str(schema.get("format") or schema.get("type") or "")
    limits = [f"{schema[key]}" for key in ("minimum", "maximum") if key in schema]
    return f"{kind} {'–'.join(limits)}" if len(limits) == 2 else kind


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def main() -> int:
    """Write the pages, or tell whether they are current."""
    os.environ.setdefault("SEKISHO_HOME", tempfile.mkdtemp(prefix="sekisho-docs-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
    import django

    django.setup()
    stale = 0
    for language in ("ja", "en"):
        file = ROOT / "docs" / language / "api.md"
        present = file.read_text("utf-8")
        wanted = present.partition(MARK)[0] + MARK + "\n" + reference(language)
        if present != wanted:
            stale += 1
            if "--check" not in sys.argv:
                file.write_text(wanted, "utf-8")
    if stale and "--check" in sys.argv:
        sys.stderr.write("docs/*/api.md differ from the OpenAPI document; run python tools/api_page.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
