import pytest

import cutovers as make
from sekisho.services.cutover_calls import Todo


@pytest.mark.parametrize(("version", "looks"), [("", False), ("7", True)])
def test_a_change_of_ours_beside_is_looked_at_only_where_a_version_is_checked(version: str, looks: bool) -> None:
    operation = make.operation(version=version)
    assert Todo(operation, sent_before=False, touched=True).must_look is looks


def test_what_may_have_been_sent_is_looked_at_whatever_is_checked() -> None:
    operation = make.operation()
    assert Todo(operation, sent_before=True, touched=False).must_look
    assert Todo(operation, sent_before=False, touched=False, beside=(make.grant(),)).must_look
