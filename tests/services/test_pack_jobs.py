"""Packs on disk: for the owner of the home alone, begun and ended by entries, nothing left of what failed."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

import sides
from sekisho.services import jobs, ledger, pack_jobs, packs
from sekisho.services.jobs import PACK, NewJob
from sekisho.store import models
from sides import NOW, TRUSTED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(tmp_path: Path) -> None:
    """Stand in the two-sided world, whose ledger has something to take away."""
    sides.build(tmp_path)


def told() -> list[str]:
    return [one.kind for one in ledger.last(count=100, sides=[""]) if one.kind.startswith("pack.")]


def asked() -> int:
    return jobs.enqueue(actor=TRUSTED, now=NOW, asked=NewJob(PACK, "k", {"side": ""}, NOW))


def test_a_pack_is_its_owners_alone_and_two_entries_tell_of_it(tmp_path: Path) -> None:
    job = asked()
    pack_jobs.make(actor=TRUSTED, now=NOW, home=tmp_path, job_id=job, side="")
    for folder in (tmp_path / "packs", tmp_path / "packs" / str(job)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (told()[0], told()[-1]) == ("pack.begun", "pack.made")


def test_nothing_is_left_of_a_pack_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**words: object) -> None:
        Path(str(words["folder"])).mkdir(parents=True)
        raise OSError("no space left")

    monkeypatch.setattr(packs, "export", full)
    with pytest.raises(OSError, match="no space"):
        pack_jobs.make(actor=TRUSTED, now=NOW, home=tmp_path, job_id=7, side="")
    assert not (tmp_path / "packs" / "7").exists()
    assert told() == ["pack.begun", "pack.failed"]


def test_an_old_pack_is_removed_with_an_entry(tmp_path: Path) -> None:
    job = asked()
    pack_jobs.make(actor=TRUSTED, now=NOW, home=tmp_path, job_id=job, side="")
    models.Job.objects.filter(pk=job).update(state=jobs.DONE, finished_at=NOW)
    later = NOW + pack_jobs.KEPT + timedelta(minutes=1)
    pack_jobs.make(actor=TRUSTED, now=later, home=tmp_path, job_id=job + 1, side="")
    assert not (tmp_path / "packs" / str(job)).exists()
    assert told().count("pack.removed") == 1
