"""What an error of ours is in HTTP. A house test finds an error that has no status here."""

from sekisho.core.errors import SekishoError

FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE, BAD_GATEWAY, BROKEN = 403, 404, 409, 422, 502, 500

STATUS: dict[str, int] = {
    # who may not
    "AdministratorsOnly": FORBIDDEN,
    "ClockRefused": FORBIDDEN,
    "CommandLineOnly": FORBIDDEN,
    "Himself": FORBIDDEN,
    "MayNot": FORBIDDEN,
    "MayNotAsk": FORBIDDEN,
    "MayNotClose": FORBIDDEN,
    "MayNotConfirm": FORBIDDEN,
    "NoRole": FORBIDDEN,
    "NotAllowed": FORBIDDEN,
    "NotVisible": FORBIDDEN,
    "OwnGrant": FORBIDDEN,
    "OwnPlan": FORBIDDEN,
    "OwnWork": FORBIDDEN,
    # what is not there, or is not there for the caller: the answer is the same
    "NoSuchEntry": NOT_FOUND,
    "NoSuchProfile": NOT_FOUND,
    "UnknownException": NOT_FOUND,
    "UnknownFile": NOT_FOUND,
    "UnknownFinding": NOT_FOUND,
    "UnknownGrant": NOT_FOUND,
    "UnknownJob": NOT_FOUND,
    "UnknownPerson": NOT_FOUND,
    "UnknownRule": NOT_FOUND,
    "UnknownSystem": NOT_FOUND,
    "UnknownTransfer": NOT_FOUND,
    "UnknownCompany": NOT_FOUND,
    "UnknownUnit": NOT_FOUND,
    "UnknownUser": NOT_FOUND,
    # what does not fit how things stand
    "AlreadyOne": CONFLICT,
    "ClosedAlready": CONFLICT,
    "Expired": CONFLICT,
    "FolderNotEmpty": CONFLICT,
    "FromFolder": CONFLICT,
    "LeaseLost": CONFLICT,
    "NotOpen": CONFLICT,
    "NotSequenced": CONFLICT,
    "NothingMended": CONFLICT,
    "NothingToConfirm": CONFLICT,
    "NothingToDestroy": CONFLICT,
    "NothingToExport": CONFLICT,
    "NoPasskey": CONFLICT,
    "NotYet": CONFLICT,
    "OutOfOrder": CONFLICT,
    "PeopleVanish": CONFLICT,
    "Running": CONFLICT,
    "Stopped": CONFLICT,
    "Unapproved": CONFLICT,
    "UserThere": CONFLICT,
    # what came in is no good
    "BadAssertion": UNPROCESSABLE,
    "BadField": UNPROCESSABLE,
    "BadGrant": UNPROCESSABLE,
    "BadKey": UNPROCESSABLE,
    "BadNote": UNPROCESSABLE,
    "BadParameter": UNPROCESSABLE,
    "BadPlan": UNPROCESSABLE,
    "BadProfile": UNPROCESSABLE,
    "BadProof": UNPROCESSABLE,
    "BadRequest": UNPROCESSABLE,
    "BadRole": UNPROCESSABLE,
    "BadRule": UNPROCESSABLE,
    "BrokenPlan": UNPROCESSABLE,
    "ColumnTwice": UNPROCESSABLE,
    "DestructionRefused": UNPROCESSABLE,
    "FromTheFuture": UNPROCESSABLE,
    "MissingColumn": UNPROCESSABLE,
    "MissingColumns": UNPROCESSABLE,
    "MissingKey": UNPROCESSABLE,
    "NoDays": UNPROCESSABLE,
    "NoDisposition": UNPROCESSABLE,
    "NoReason": UNPROCESSABLE,
    "NotAFolder": UNPROCESSABLE,
    "TwoVersions": UNPROCESSABLE,
    "UnknownParameter": UNPROCESSABLE,
    "Unreadable": UNPROCESSABLE,
    "UnreadableFile": UNPROCESSABLE,
    "UnreadableToml": UNPROCESSABLE,
    # a system or the house itself
    "ConnectorError": BAD_GATEWAY,
    "LedgerDamaged": BROKEN,
}
"""Name of the error's class, or of one it descends from → status."""


def status_of(error: SekishoError) -> int:
    """Return the HTTP status of an error; one that nobody named is a defect of ours."""
    return next((STATUS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in STATUS), BROKEN)
