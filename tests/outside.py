"""Calls a command as an outsider does, in this process: words in, exit status and JSON document out."""

import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sekisho.cli.main import main

COMPANY = {
    "company.toml": 'name = "Kitakaze"\nsides = ["network", "affiliate"]\nhistory_complete_from = 2015-04-01\n'
    "[parameters]\naccept_cli_approval = true\n",
    "companies.csv": "company_code,name,status,side,from\nNW,Network,network,network,2015-04-01\n"
    "EP,Retail,affiliate,affiliate,2015-04-01\n",
    "units.csv": "unit_code,name,company_code,classes,from\nN1,Center,NW,network_service_center,2015-04-01\n"
    "N0,General,NW,none,2015-04-01\nE1,Sales,EP,retail_sales,2015-04-01\nE0,General,EP,none,2015-04-01\n",
    "people.csv": "person_id,employee_no,name,company_code,unit_code,from\nP1,000101,One,NW,N1,2018-04-01\n"
    "P2,000102,Two,NW,N0,2018-04-01\n",
    "rules.toml": '[[rule]]\nid = "direct"\nversion = "1"\nkind = "direct_transfer"\ntype = "policy_stop"\n'
    'from_classes = ["network_service_center"]\nto_classes = ["retail_sales"]\nfrom = 2020-04-01\n',
}
HEADER = "発令番号,社員番号,発令日,発令区分,新所属コード,会社コード"


def folder(path: Path, **changed: str) -> Path:
    """Write the company folder with some files changed (`people_csv="…"`) and return it."""
    path.mkdir(exist_ok=True)
    for name, text in {**COMPANY, **{key.replace("_", "."): text for key, text in changed.items()}}.items():
        (path / name).write_text(text, "utf-8")
    return path


def orders(file: Path, *rows: str, header: str = HEADER) -> Path:
    """Write an order file and return it."""
    file.write_text("\n".join((header, *rows)) + "\n", "utf-8")
    return file


def call(*words: str | Path) -> tuple[int, Mapping[str, Any]]:
    """Run one command with --json; it must print one document and nothing else on stdout."""
    printed = StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit) as end:
        main([*map(str, words), "--json"])
    return int(end.value.code or 0), json.loads(printed.getvalue())
