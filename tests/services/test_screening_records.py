from sekisho.services.screening_records import _reads


def test_a_kept_verdict_that_the_database_spells_otherwise_is_still_the_same() -> None:
    said = {"outcome": "allowed", "rules": []}
    assert _reads('{"outcome": "allowed", "rules": []}', said)
    assert _reads('{"rules":[], "outcome":"allowed"}', said)
    assert not _reads('{"rules":[], "outcome":"violation"}', said)
    assert not _reads(None, said)
