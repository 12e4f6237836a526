"""Invented names of people, with the variant characters that real HR files are full of.

No real person is meant: surnames and given names are common ones, joined by a seeded choice.
"""

from dataclasses import dataclass
from random import Random

SURNAMES = (
    ("髙橋", "タカハシ"),
    ("高橋", "タカハシ"),
    ("山﨑", "ヤマザキ"),
    ("山崎", "ヤマザキ"),
    ("濵田", "ハマダ"),
    ("浜田", "ハマダ"),
    ("渡邉", "ワタナベ"),
    ("渡邊", "ワタナベ"),
    ("渡辺", "ワタナベ"),
    ("德永", "トクナガ"),
    ("桒原", "クワバラ"),
    ("栁沢", "ヤナギサワ"),
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("田中", "タナカ"),
    ("伊藤", "イトウ"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("阿部", "アベ"),
    ("斎藤", "サイトウ"),
    ("齋藤", "サイトウ"),
    ("佐々木", "ササキ"),
    ("千葉", "チバ"),
    ("菅原", "スガワラ"),
    ("工藤", "クドウ"),
    ("遠藤", "エンドウ"),
)
GIVEN = (
    ("一郎", "イチロウ"),
    ("花子", "ハナコ"),
    ("健太", "ケンタ"),
    ("美咲", "ミサキ"),
    ("大輔", "ダイスケ"),
    ("由美", "ユミ"),
    ("翔", "ショウ"),
    ("陽菜", "ヒナ"),
    ("誠", "マコト"),
    ("恵", "メグミ"),
    ("拓也", "タクヤ"),
    ("さくら", "サクラ"),
    ("学", "マナブ"),
    ("直美", "ナオミ"),
    ("隆", "タカシ"),
    ("千尋", "チヒロ"),
)
VARIANTS = str.maketrans("髙﨑濵邉邊德桒栁齋", "高崎浜辺辺徳桑柳斎")
"""How another file spells the same person: a name never matches, so nothing may hang on it."""


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name and its reading."""

    name: str
    kana: str


def draw(dice: Random) -> Name:
    """Return a name by the dice."""
    surname, reading = dice.choice(SURNAMES)
    given, given_reading = dice.choice(GIVEN)
    return Name(f"{surname} {given}", f"{reading} {given_reading}")
