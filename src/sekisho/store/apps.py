"""The only Django app: tables, one module a word."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Name the app; nothing runs at start-up."""

    name = "sekisho.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
