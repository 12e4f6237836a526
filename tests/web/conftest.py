"""What page tests stand on."""

from dayroom import at_the_day, plain_home, world

__all__ = ["at_the_day", "plain_home", "world"]
