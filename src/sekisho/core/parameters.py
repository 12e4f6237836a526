"""The settings an installation may change, each with the domain's default. All are dated facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sekisho.core.errors import SekishoError
from sekisho.core.periods import Period

ParameterValue = int | bool | str

DEFAULTS: Mapping[str, ParameterValue] = {
    "approvals_required": 1,
    "accept_cli_approval": False,
    "neutral_stay_days": 0,
    "lookback_days": 365,
    "plan_expires_days": 7,
    "vanish_percent": 5,
    "group_share_percent": 30,
    "guard_min_members": 10,
    "keep_last_member": False,
    "training_days": 30,
    "retention_years": 5,
    "waiting_boot_days": 14,
    "desk_protection_days": 365,
    "pledge_from_retirees": False,
    "account_change_from": "",
    "deletion_verifier": "old_head",
}
"""Domain §3 and §7, CONTRACT "Parameters"; `guard_min_members`: below it a percentage says nothing."""

_DAYS, _PERCENT = (1, 3650), (1, 100)
LIMITS: Mapping[str, tuple[int, int]] = {
    "approvals_required": (1, 20),
    "neutral_stay_days": (0, 3650),
    "lookback_days": (1, 36500),
    "plan_expires_days": (1, 366),
    "vanish_percent": _PERCENT,
    "group_share_percent": _PERCENT,
    "guard_min_members": (1, 100_000),
    "training_days": _DAYS,
    "retention_years": (1, 100),
    "waiting_boot_days": _DAYS,
    "desk_protection_days": _DAYS,
}
"""The smallest and the largest value of each number; below the smallest the law behind it would be switched off."""

GUARDING = frozenset(
    {
        "approvals_required",
        "accept_cli_approval",
        "vanish_percent",
        "group_share_percent",
        "guard_min_members",
        "keep_last_member",
        "neutral_stay_days",
        "lookback_days",
        "plan_expires_days",
    }
)
"""Parameters on which a law hangs: no one person changes them, whoever he is (laws 2 and 13)."""


class UnknownParameter(SekishoError):
    """The name is not a parameter."""


class BadParameter(SekishoError):
    """The value is not of the parameter's type."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter's value while it holds."""

    name: str
    value: ParameterValue
    period: Period


def checked(name: str, value: object) -> ParameterValue:
    """Return `value` if it fits the parameter.

    Raises:
        UnknownParameter: no parameter of that name.
        BadParameter: a value of another type, or a number outside the parameter's limits.
    """
    if name not in DEFAULTS:
        raise UnknownParameter("parameters.unknown", {"name": name, "known": ", ".join(sorted(DEFAULTS))})
    wanted = type(DEFAULTS[name])
    if type(value) is not wanted:
        raise BadParameter("parameters.bad", {"name": name, "value": value, "type": wanted.__name__})
    if name in LIMITS and isinstance(value, int):
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise BadParameter("parameters.out_of_range", {"name": name, "value": value, "min": least, "max": most})
    return value  # its type is that of a default, checked above


class Parameters:
    """All settings as known at one moment, asked for a day."""

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        self._settings = tuple(settings)

    def get(self, name: str, on: date) -> ParameterValue:
        """Return the value in force on the day, else the default."""
        for setting in self._settings:
            if setting.name == name and setting.period.holds(on):
                return setting.value
        return DEFAULTS[name]

    def number(self, name: str, on: date) -> int:
        """Return a whole-number parameter."""
        value = self.get(name, on)
        if not isinstance(value, int):
            raise BadParameter("parameters.bad", {"name": name, "value": value, "type": "int"})
        return value

    def change_days(self, *names: str) -> frozenset[date]:
        """Return the days on which one of the parameters is set or its setting ends."""
        periods = [setting.period for setting in self._settings if setting.name in names]
        return frozenset({one.start for one in periods} | {one.end for one in periods if one.end})
