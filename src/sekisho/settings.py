"""All settings in one place, from the environment. `SEKISHO_HOME` holds the state."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.functional import SimpleLazyObject

HOME = Path(os.environ.get("SEKISHO_HOME", "var")).absolute()
URL = os.environ.get("SEKISHO_URL", "http://localhost:8000").rstrip("/")
"""Where people reach the site; passkeys hang on its host."""


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


SECRET_KEY = SimpleLazyObject(_secret_key)  # read only where it is needed: most commands need none
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "sekisho.store",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
]
AUTH_USER_MODEL = "store.User"
LANGUAGE_CODE = "ja"
TIME_ZONE = "UTC"
USE_TZ = True
DEBUG = False
LOGGING_CONFIG = None

# The site. Templates and static files are the `web` floor's; whoever may see what is decided in the services.

ROOT_URLCONF = "sekisho.urls"
WSGI_APPLICATION = "sekisho.wsgi.application"
_SITE = urlsplit(URL)
_SECURE = _SITE.scheme == "https"
ALLOWED_HOSTS = [_SITE.hostname or "localhost", *(["localhost", "127.0.0.1", "[::1]"] if not _SECURE else [])]
CSRF_TRUSTED_ORIGINS = [URL]
LANGUAGES = [("ja", "日本語"), ("en", "English")]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sekisho.web.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sekisho.web.middleware.Gate",
]
_WEB = Path(__file__).parent / "web"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_WEB / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "sekisho.web.middleware.site",
            ],
            "libraries": {"words": "sekisho.web.words"},
            "builtins": ["sekisho.web.words", "sekisho.web.fields", "django.templatetags.static"],
            "string_if_invalid": "",
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [_WEB / "static"]
_COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()  # `serve` collects them, with hashed names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _COLLECTED
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "sekisho_cache",
        # Refused sign-ins are counted here, by name and by address. With the usual 300 whoever tries many names would
        # push the counts of the first ones out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
"""A page of a file's rows posts every cell of its 50 rows, and HR's sheets have up to some hundred columns."""
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 2**20

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sekisho.web.errors.forged"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
X_FRAME_OPTIONS = "DENY"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "sekisho.web.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_FORMS = {"change_password": "sekisho.web.sign_in_forms.ChangePassword"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "60/m/ip,5/300s/key", "change_password": "5/m/user"}
"""A whole company comes from one address on the morning of 1 April; who guesses is stopped by the name he tries."""
SOCIALACCOUNT_ADAPTER = "sekisho.web.adapters.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
MFA_ADAPTER = "sekisho.web.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("SEKISHO_PROXIES", "1" if _SECURE else "0"))
"""How many proxies stand before the site: who tries passwords is counted by the address that the outermost saw."""
USERSESSIONS_TRACK_ACTIVITY = True

SEKISHO_OIDC_CLAIM = os.environ.get("SEKISHO_OIDC_CLAIM", "preferred_username")
"""Which claim of the company's provider names our user."""
_ISSUER = os.environ.get("SEKISHO_OIDC_ISSUER", "")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": os.environ.get("SEKISHO_OIDC_NAME", "OpenID Connect"),
                "client_id": os.environ.get("SEKISHO_OIDC_CLIENT_ID", ""),
                "secret": os.environ.get("SEKISHO_OIDC_CLIENT_SECRET", ""),
                "settings": {"server_url": _ISSUER},
            }
        ]
        if _ISSUER
        else [],
    }
}
