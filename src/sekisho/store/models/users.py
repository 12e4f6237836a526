"""Users and their roles. A user is a login; the person behind it is `person_id`."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from sekisho.store.models.base import Fact


class UserManager(BaseUserManager["User"]):
    """Make users by name; passwords and passkeys come with the site."""

    def create_user(self, username: str, password: str | None = None) -> "User":
        """Create a user; without a password nobody can sign in as them."""
        user = self.model(username=username)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A login."""

    username = models.CharField(max_length=150, unique=True)
    person_id = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, blank=True)
    is_active = models.BooleanField(default=True)

    objects = UserManager()

    USERNAME_FIELD = "username"


class RoleAssignment(Fact):
    """A role that a user holds for one side, or both, while it lasts (users.csv)."""

    user = models.CharField(max_length=150)
    person_id = models.CharField(max_length=64)
    role = models.CharField(max_length=32)
    side = models.CharField(max_length=32)
    origin = models.CharField(max_length=16, blank=True)
    """`site` where it was entered there; "" where it came with the company folder, which changes only those."""

    class Meta:
        indexes = [models.Index(fields=["user"], name="role_user")]
