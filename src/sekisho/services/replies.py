"""Answers kept for a day, so that a call repeated with its idempotency key gets its answer again and does nothing.

The answer is kept in the transaction of the change itself: both are there or neither. It is kept encrypted under the
caller's own token, of which only the hash is known here, for an answer may hold a password that is shown once. A call
that was refused has changed nothing and is not kept: the same key may try again. Only what outlasts a refusal stays of
it in the ledger (`lasting`).
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.cache import cache
from django.db import IntegrityError, transaction

from sekisho.core.errors import SekishoError
from sekisho.store import models

KEPT = timedelta(hours=24)
UNDER_WAY_SECONDS = 120
"""How long a call is held to be under way whose process died; whatever it did not finish, it did not do."""


class OtherRequest(SekishoError):
    """The key was used for another call."""


class UnderWay(SekishoError):
    """The first call with this key is not answered yet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Once:
    """A call that shall happen once: whose, under which key, with which bytes, called with which token."""

    user: str
    key: str
    request_sha256: str
    token: str


def once(*, asked: Once, now: datetime, do: Callable[[], Reply]) -> Reply:
    """Do it and keep the answer, or return the answer kept; whatever `do` raises undoes everything.

    Raises:
        OtherRequest, UnderWay
    """
    mark = "call-under-way:" + sha256(f"{asked.user}\0{asked.key}".encode()).hexdigest()
    if cache.get(mark) or not cache.add(mark, 1, UNDER_WAY_SECONDS):
        raise UnderWay("api.under_way")
    try:
        return _kept_or_done(asked, now, do)
    except IntegrityError as error:
        if models.KeptReply.objects.filter(user=asked.user, key=asked.key).exists():
            raise UnderWay("api.under_way") from error
        raise
    finally:
        cache.delete(mark)


@transaction.atomic
def _kept_or_done(asked: Once, now: datetime, do: Callable[[], Reply]) -> Reply:
    models.KeptReply.objects.filter(kept_at__lte=now - KEPT).delete()
    row = models.KeptReply.objects.filter(user=asked.user, key=asked.key).first()
    if row is not None:
        return Reply(row.status, row.content_type, _opened(row, asked))
    reply = do()
    models.KeptReply.objects.create(
        user=asked.user,
        key=asked.key,
        request_sha256=asked.request_sha256,
        status=reply.status,
        content_type=reply.content_type,
        body=_cipher(asked).encrypt(reply.body),
        kept_at=now,
    )
    return reply


def _opened(row: models.KeptReply, asked: Once) -> bytes:
    try:
        if row.request_sha256 == asked.request_sha256:
            return _cipher(asked).decrypt(bytes(row.body))
    except InvalidToken:
        pass
    raise OtherRequest("api.other_request")


def _cipher(asked: Once) -> Fernet:
    words = f"kept reply\0{asked.user}\0{asked.key}".encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=words).derive(asked.token.encode())
    return Fernet(base64.urlsafe_b64encode(key))
