"""The words of HR's order file: its columns, the names they go by, and the values of closed columns.

Here: data only. The first name of each column is CONTRACT's; the others are spellings met in real
files (domain §5). Not here: finding them in a sheet (`headers`), reading cells (`order_rows`).
"""

from sekisho.core.kinds import OrderStatus, OrderType, PostKind

REQUIRED = ("order_no", "employee_no", "effective_date", "order_type")
SNAPSHOT_REQUIRED = ("employee_no", "to_unit")
CODES = frozenset(
    {
        "order_no",
        "employee_no",
        "from_unit",
        "to_unit",
        "post_no",
        "company",
        "previous_employee_no",
        "new_employee_no",
        "host_company",
        "supersedes",
        "concurrent_unit",
    }
)
"""Columns whose cells are codes: text, leading zeros kept."""

NAMES: dict[str, tuple[str, ...]] = {
    "order_no": ("発令番号", "発令No", "発令ID", "辞令番号", "辞令No", "人事発令番号"),
    "employee_no": (
        "社員番号",
        "社員No",
        "社員コード",
        "社員ID",
        "職員番号",
        "従業員番号",
        "従業員コード",
        "ユーザーID",
    ),
    "name": ("氏名", "社員名", "社員氏名", "職員氏名", "従業員氏名", "漢字氏名", "氏名漢字", "名前", "利用者名称"),
    "kana": ("カナ", "氏名カナ", "カナ氏名", "社員名カナ", "フリガナ", "ふりがな", "利用者名称カナ", "カナ氏名"),
    "effective_date": ("発令日", "発令年月日", "発令日付", "辞令日", "発効日", "異動日", "異動年月日", "基準日"),
    "order_type": ("発令区分", "発令区分名称", "発令種別", "辞令", "辞令区分", "異動区分", "異動種別", "異動事由"),
    "from_unit": (
        "旧所属コード",
        "旧所属",
        "所属旧コード",
        "所属コード旧",
        "旧組織コード",
        "旧部署コード",
        "異動前所属コード",
        "異動前所属",
        "発令前所属コード",
        "前所属コード",
        "現所属コード",
    ),
    "to_unit": (
        "新所属コード",
        "新所属",
        "所属新コード",
        "所属コード新",
        "新組織コード",
        "新部署コード",
        "異動後所属コード",
        "異動後所属",
        "発令後所属コード",
        "所属コード",
        "組織コード",
        "部署コード",
        "配属先コード",
        "unit",
    ),
    "title": ("役職", "役職名", "役職名称", "新役職", "新役職名", "職位", "職名", "発令後役職"),
    "post_kind": ("本務兼務", "本務兼務区分", "本兼区分", "本兼", "主務兼務区分"),
    "post_no": ("兼務番号", "兼務No", "ポスト番号"),
    "company": ("会社コード", "会社", "所属会社コード", "法人コード", "company_code"),
    "previous_employee_no": ("旧社員番号", "旧職員番号", "旧従業員番号", "異動前社員番号", "社員番号旧"),
    "new_employee_no": ("新社員番号", "新職員番号", "新従業員番号", "異動後社員番号", "社員番号新"),
    "host_company": (
        "出向先会社",
        "出向先会社コード",
        "出向先",
        "出向先コード",
        "出向先機関",
        "受入会社",
        "受入会社コード",
    ),
    "planned_end": ("終了予定日", "出向終了予定日", "休職終了予定日", "終了予定年月日", "満了予定日"),
    "sequence": ("発令順", "発令順序", "発令順番", "適用順"),
    "status": ("状態", "発令状態", "ステータス", "内示発令", "内示発令区分"),
    "supersedes": ("対象発令番号", "取消対象発令番号", "訂正対象発令番号", "対象発令No", "元発令番号"),
    "release_at": ("内示解禁日時", "内示解禁日", "解禁日時", "解禁日", "内示公開日時"),
    "note": ("備考", "摘要", "備考欄", "メモ"),
    "absence": ("休職区分", "休退コード", "休職者サイン", "休職"),
}
"""Field → column names; the field's own English name is always one too."""

ROW_OURS, SHEET_OURS = ("元のファイルの行", "Row in the file"), ("元のファイルのシート", "Sheet in the file")
REASON_OURS = ("不備の理由", "Why it was rejected")
OURS = (*ROW_OURS, *SHEET_OURS, *REASON_OURS)
"""Columns that we add to rejected rows when people take them away; they say nothing when the sheet comes back."""

CONCURRENT_UNIT = "concurrent_unit"
CONCURRENT_STEMS = (
    "兼務所属コード",
    "兼務所属",
    "兼務組織コード",
    "兼務部署コード",
    "兼務先所属コード",
    "concurrent_unit",
)
"""Stems of numbered columns, each number a concurrent post: 兼務所属コード1, 2, …"""
UNIT_STEMS = ("組織コード", "所属コード", "部署コード")
"""Stems of numbered columns whose first is the main post's unit, the rest concurrent posts."""

_TYPES: dict[OrderType, tuple[str, ...]] = {
    OrderType.HIRE: ("採用", "新規採用", "新卒採用", "中途採用", "入社"),
    OrderType.TRANSFER: ("異動", "人事異動", "配置転換", "配転", "転任"),
    OrderType.PROMOTION: ("昇格", "昇進", "昇任"),
    OrderType.DEMOTION: ("降格", "降任"),
    OrderType.SECONDMENT: ("出向", "在籍出向"),
    OrderType.EMPLOYER_CHANGE: ("転籍", "移籍", "転籍出向"),
    OrderType.RETURN: ("復帰", "出向復帰", "出向解除", "帰任"),
    OrderType.CONCURRENT: ("兼務", "兼務発令"),
    OrderType.END_CONCURRENT: ("兼務解除", "兼務終了", "兼務免"),
    OrderType.LEAVE: ("休職", "休業", "育児休業", "育児休職", "介護休業", "介護休職"),
    OrderType.REINSTATE: ("復職",),
    OrderType.LEAVE_COMPANY: ("退職", "定年退職", "依願退職", "自己都合退職", "退社"),
    OrderType.REHIRE: ("再雇用", "定年再雇用", "再採用"),
    OrderType.CANCEL: ("取消", "取消し", "取り消し", "発令取消"),
    OrderType.CORRECT: ("訂正", "発令訂正"),
}
ORDER_TYPES = {name: kind.value for kind, names in _TYPES.items() for name in (*names, kind.value)}


def type_name(order_type: OrderType) -> str:
    """Return the type as CONTRACT names it in both languages, for texts."""
    return f"{_TYPES[order_type][0]} ({order_type.value})"


STATUSES = {
    **dict.fromkeys(("内示", "内示案", OrderStatus.DRAFT.value), OrderStatus.DRAFT.value),
    **dict.fromkeys(("発令", "確定", "発令済", OrderStatus.FINAL.value), OrderStatus.FINAL.value),
}
POST_KINDS = {
    **dict.fromkeys(("本務", "主務", "本", PostKind.MAIN.value), PostKind.MAIN.value),
    **dict.fromkeys(("兼務", "兼", "兼任", PostKind.CONCURRENT.value), PostKind.CONCURRENT.value),
}
ABSENCES = {
    **dict.fromkeys(("", "0", "なし", "無", "在職", "none"), "none"),
    **dict.fromkeys(("1", "休職", "休職中", "休業", "育休", "有", "leave"), "leave"),
}
VALUES = {"order_type": ORDER_TYPES, "status": STATUSES, "post_kind": POST_KINDS, "absence": ABSENCES}
"""Closed columns: the words in cells → the house's value."""
