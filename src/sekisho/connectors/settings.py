"""The settings of one system from access.toml, read key by key; a wrong one is refused by its name.

Secrets are only named there (`password_env`, `password_file`) and fetched here, when a connection is made.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from sekisho.connectors.protocol import BadSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """One table of settings. `within` is the dotted name of the table, for messages."""

    system: str
    values: Mapping[str, object]
    within: str = ""

    def bad(self, key: str, code: str = "connectors.bad_setting", **facts: object) -> BadSettings:
        """Return the refusal of one key, to be raised."""
        return BadSettings(code, {"system": self.system, "key": f"{self.within}{key}", **facts})

    def has(self, key: str) -> bool:
        return self.values.get(key) not in (None, "")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text. Raises: BadSettings where it is missing without a default, or no text."""
        value = self.values.get(key)
        if value in (None, ""):
            if default is None:
                raise self.bad(key, "connectors.missing_setting")
            return default
        if not isinstance(value, str):
            raise self.bad(key)
        return value

    def spelled(self, *keys: str) -> str:
        """Return whichever of these spellings of one key is there; the first is the documented one."""
        return next((key for key in keys if self.has(key)), keys[0])

    def choice(self, key: str, words: tuple[str, ...]) -> str:
        """Return one of `words`; the first is the default."""
        word = self.text(key, words[0])
        if word not in words:
            raise self.bad(key, "connectors.bad_choice", words=", ".join(words))
        return word

    def number(self, key: str, default: int) -> int:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.bad(key)
        return value

    def flag(self, key: str) -> bool:
        """Return a boolean; absent is False."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.bad(key)
        return value

    def value(self, key: str) -> str | int | bool:
        """Return a text, number or boolean as it stands, for comparing with the target's own values."""
        value = self.values.get(key)
        if not isinstance(value, str | int | bool):
            raise self.bad(key, "connectors.missing_setting")
        return value

    def table(self, key: str) -> "Settings":
        value = self.values.get(key)
        if not isinstance(value, Mapping):
            raise self.bad(key, "connectors.missing_setting")
        return Settings(self.system, value, f"{self.within}{key}.")

    def secret(self, name: str) -> str:
        """Return the secret that `<name>_env` or `<name>_file` names.

        Raises:
            BadSettings: neither is given, or what is named is not there.
        """
        if self.has(f"{name}_env"):
            variable = self.text(f"{name}_env")
            if variable not in os.environ:
                raise self.bad(f"{name}_env", "connectors.no_secret", named=variable)
            return os.environ[variable]
        file = self.text(f"{name}_file")
        try:
            return Path(file).read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            raise self.bad(f"{name}_file", "connectors.no_secret", named=file) from error


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address means this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
