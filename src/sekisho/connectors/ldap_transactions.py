"""LDAP transactions (RFC 5805), which python-ldap has no words for.

A directory gives a transaction's identifier; every change of it carries the identifier in a control;
the end commits or aborts. OpenLDAP's identifier is empty: one open transaction a connection.

Advertised is not safe. Debian 12's slapd 2.5.13 with its default of 16 threads died within 3 to 22
transactions in every trial, even of one successful change each, and with 2 threads when a connection
closed with changes pending; plain changes never hurt it. So a system's settings must ask for transactions,
and `tests/bench/slapd_transactions.py` shows what a given slapd makes of them.
"""

import ldap.ldapobject
from ldap.controls import RequestControl
from ldap.extop import ExtendedRequest

START = "1.3.6.1.1.21.1"
SPECIFICATION = "1.3.6.1.1.21.2"
END = "1.3.6.1.1.21.3"

BOOLEAN, OCTET_STRING, SEQUENCE = 0x01, 0x04, 0x30


def start(connection: ldap.ldapobject.LDAPObject) -> RequestControl:
    """Start a transaction and return the control that every change in it carries."""
    _, identifier = connection.extop_s(ExtendedRequest(START, None))
    return RequestControl(SPECIFICATION, criticality=True, encodedControlValue=identifier or b"")


def end(connection: ldap.ldapobject.LDAPObject, transaction: RequestControl, *, commit: bool) -> None:
    """End the transaction; a commit that fails raises the error of the change that failed, and nothing happened."""
    connection.extop_s(ExtendedRequest(END, end_request(transaction.encodedControlValue, commit=commit)))


def end_request(identifier: bytes, *, commit: bool) -> bytes:
    """Return the BER of SEQUENCE { commit BOOLEAN DEFAULT TRUE, identifier OCTET STRING }."""
    decision = b"" if commit else _ber(BOOLEAN, b"\x00")
    return _ber(SEQUENCE, decision + _ber(OCTET_STRING, identifier))


def _ber(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
