"""The group's conduct rules and their exceptions: rules.toml and exceptions.csv.

The sixteen pairs of the published programme; the department that procures balancing power is listed from
the transfer day on, so the same move a day earlier is free.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sekisho.demo.folder import write_table

EXCEPTED = ("direct", "via_neutral")
EXCEPTION_DAYS = ("2024-04-01", "2024-10-01")
RULES = """\
[[rule]]
id = "direct"
version = "2014"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
from = 2014-04-01
to = 2024-04-01
text.ja = "規制対象部署どうしの直接異動は行わない。"
text.en = "No direct transfer between the listed units."
source = "行動規範"
approved_by = "両社社長"
approved_on = 2014-03-01

[[rule]]
id = "direct"
version = "2024"
kind = "direct_transfer"
type = "policy_stop"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
from = 2024-04-01
text.ja = "規制対象部署どうしの直接異動は行わない。"
text.en = "No direct transfer between the listed units."
source = "行動規範（2024年改定）"
approved_by = "両社社長"
approved_on = 2024-03-01

[[rule]]
id = "via_neutral"
version = "1"
kind = "direct_transfer"
type = "review"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
neutral_stay_days = 180
from = 2024-04-01
text.ja = "規制対象外の部署にいた日数が180日に満たない異動は、個別に確認する。"
text.en = "A stay of less than 180 days outside the listed units is looked at by hand."
source = "行動規範（2024年改定）"

[[rule]]
id = "concurrent_work"
version = "1"
kind = "concurrent_posts"
type = "legal_stop"
from_classes = ["network_service_center", "central_dispatch", "trunk_planning", "balancing_procurement"]
to_classes = ["retail_sales", "power_trading", "generation_planning", "specified_wholesale"]
from = 2014-04-01
text.ja = "規制対象業務の兼職は法令で禁じられている。"
text.en = "The law forbids holding both posts."
source = "電気事業法"

[[rule]]
id = "concurrent_officer"
version = "1"
kind = "concurrent_posts"
type = "legal_stop"
from_post_classes = ["officer"]
to_status = ["affiliate"]
from = 2014-04-01
text.ja = "送配電会社の取締役は、関係事業者の職を兼ねられない。"
text.en = "A director of the network company may hold no post at an affiliate."
source = "電気事業法"
"""
APPROVER = """
[[approver]]
rule = "{rule}"
person_ids = ["{person}"]
side = "{side}"
from = 2014-04-01
"""


def write_rules(folder: Path, approvers: Mapping[str, str], excepted: Sequence[str]) -> None:
    """Write rules.toml and, for the persons excepted, exceptions.csv approved by both sides' approvers."""
    parts = [
        APPROVER.format(rule=rule, person=person, side=side) for rule in EXCEPTED for side, person in approvers.items()
    ]
    (folder / "rules.toml").write_text(RULES + "".join(parts), encoding="utf-8")
    approved_by = ";".join(approvers.values())
    rows = [
        (f"X-{person}-{rule}", rule, person, "引継ぎ完了までの限定的な措置", approved_by, *EXCEPTION_DAYS)
        for person in excepted
        for rule in EXCEPTED
    ]
    header = ("exception_id", "rule", "person_id", "reason", "approved_by", "from", "to")
    write_table(folder / "exceptions.csv", header, rows)
