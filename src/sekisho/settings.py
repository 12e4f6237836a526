"""All settings in one place, from the environment. `SEKISHO_HOME` holds the state."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

HOME = Path(os.environ.get("SEKISHO_HOME", "var")).absolute()


def _secret_key() -> str:
    """Return the home's own key, made on first use; sessions and tokens hang on it, nothing else."""
    file = HOME / "keys" / "django"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


def _database() -> dict[str, object]:
    url = os.environ.get("SEKISHO_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "sekisho.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


def __getattr__(name: str) -> str:
    if name == "SECRET_KEY":  # read only where it is needed: most commands need none
        return _secret_key()
    raise AttributeError(name)


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "sekisho.store"]
AUTH_USER_MODEL = "store.User"
LANGUAGE_CODE = "ja"
TIME_ZONE = "UTC"
USE_TZ = True
DEBUG = False
LOGGING_CONFIG = None
