from hypothesis import given
from hypothesis import strategies as st

from sekisho.intake.encodings import BadBytes, decode, shown

HEADER = "社員番号,氏名\r\n"


def test_utf8_bytes_that_are_also_valid_cp932_are_read_as_utf8():
    content = "社員番号,氏名".encode()
    assert content.decode("cp932", errors="replace").startswith("遉ｾ蜩｡逡ｪ")
    assert decode(content).text == "社員番号,氏名"


def test_a_byte_order_mark_is_not_part_of_the_first_header():
    assert decode(b"\xef\xbb\xbf" + HEADER.encode()).text == HEADER
    assert decode(b"\xff\xfe" + HEADER.encode("utf-16-le")).text == HEADER


def test_names_outside_jis_are_read_from_cp932():
    decoded = decode("髙橋﨑山濵田德永桒原栁田①㈱～".encode("cp932"))
    assert decoded.text == "髙橋﨑山濵田德永桒原栁田①㈱～"
    assert decoded.encoding == "cp932"
    assert decoded.defects == ()


def test_an_undecodable_byte_is_a_defect_with_its_place_and_never_a_question_mark():
    decoded = decode((HEADER + "001,山").encode("cp932") + b"\xff" + "田\r\n".encode("cp932"))
    assert decoded.defects == (BadBytes(line=2, character=6, hex="ff"),)
    assert "?" not in decoded.text
    assert shown(decoded.text.splitlines()[1]) == "001,山\\xff田"


def test_a_utf8_file_with_one_broken_byte_stays_utf8():
    decoded = decode((HEADER + "001,山田").encode() + b"\xe5\n" + HEADER.encode())
    assert decoded.encoding == "utf-8"
    assert decoded.text.startswith(HEADER)
    assert [defect.line for defect in decoded.defects] == [2]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Co", "Cs"])))
def test_every_utf8_text_is_read_as_it_was_written(text: str):
    if not text.startswith("\ufeff"):
        assert decode(text.encode()).text == text


@given(st.binary())
def test_no_byte_becomes_a_question_mark_or_a_replacement_character(content: bytes):
    text = decode(content.replace(b"?", b"") if not content.startswith((b"\xff\xfe", b"\xfe\xff")) else b"").text
    assert "?" not in text
    assert "\N{REPLACEMENT CHARACTER}" not in text or "\N{REPLACEMENT CHARACTER}".encode() in content.replace(b"?", b"")
