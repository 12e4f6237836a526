import pytest

from sekisho.intake.characters import NameDifference, code_text, difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋一郎", "高橋一郎"),
        ("山﨑花子", "山崎花子"),
        ("渡邉三郎", "渡辺三郎"),
        ("渡邊三郎", "渡邉三郎"),
        ("濵田", "浜田"),
        ("濱田", "濵田"),
        ("德永", "徳永"),
        ("桒原", "桑原"),
        ("栁田", "柳田"),
        ("𠮷田", "吉田"),
        ("ﾀｶﾊｼ", "タカハシ"),
        ("髙橋 一郎", "高橋　一郎"),
    ],
)
def test_variant_characters_are_the_same_name_written_otherwise(one: str, other: str):
    assert difference(one, other) is NameDifference.VARIANT


def test_spaces_of_any_width_inside_a_name_do_not_matter():
    assert difference("高橋　一郎", "高橋 一郎") is NameDifference.SPACES
    assert difference("高橋一郎", "高橋一郎") is NameDifference.NONE


def test_another_name_is_another_name():
    assert difference("高橋一郎", "高橋二郎") is NameDifference.OTHER


def test_a_code_keeps_its_zeros_and_loses_its_full_width():
    assert code_text("　００１２３－Ａ ") == "00123-A"
