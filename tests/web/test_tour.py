"""The demo's tour: there in a demo, for everybody; its files for those who read HR's files; nowhere else."""

from pathlib import Path

import pytest
from django.conf import settings

import sites
from sekisho.core.kinds import NETWORK
from sekisho.services import installation

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the home look as the demo leaves it."""
    installation.mark_rehearsal(home=tmp_path, made_by="demo")
    (tmp_path / "demo" / "next").mkdir(parents=True)
    (tmp_path / "demo" / "next" / "hn.xlsx").write_bytes(b"sheet")
    monkeypatch.setattr(settings, "HOME", tmp_path)
    return tmp_path


def test_everybody_finds_the_tour_from_every_page_of_a_demo(demo: Path) -> None:
    client = sites.client("shain", ("employee", NETWORK))
    assert 'href="/tour"' in client.get("/account").content.decode()
    assert "hn.xlsx" in client.get("/tour").content.decode()


def test_a_file_of_the_tour_is_for_those_who_read_hrs_files(demo: Path) -> None:
    assert sites.client("jinji", ("hr", NETWORK)).get("/tour/hn.xlsx").content == b"sheet"
    assert sites.client("shain", ("employee", NETWORK)).get("/tour/hn.xlsx").status_code == 403


@pytest.mark.parametrize("name", ["..%2F..%2Frehearsal", "%2E%2E", "other.xlsx"])
def test_no_other_file_of_the_home_is_handed_out(demo: Path, name: str) -> None:
    assert sites.client("jinji", ("hr", NETWORK)).get(f"/tour/{name}").status_code == 404


def test_no_other_home_has_a_tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    client = sites.client("jinji", ("hr", NETWORK))
    assert client.get("/tour").status_code == 404
    assert 'href="/tour"' not in client.get("/account").content.decode()
