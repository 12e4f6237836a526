"""Findings 指摘: facts that someone must look at and close with words. They accuse nobody."""

from typing import Annotated

from ninja import Query
from pydantic import Field, StringConstraints

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Flag, Moment, Question, Said, Words, said
from sekisho.core.visibility import FactKind
from sekisho.services import findings
from sekisho.services.findings import Finding as Found

FINDINGS = (FactKind.FINDING,)
Kind = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z_]+$"), Field(examples=["deviation_left_over"])]


class Finding(Answer):
    """A finding as it stands; open while `closed_at` is null."""

    key: str
    kind: str
    message: Said
    person_id: str
    side: str
    raised_at: Moment
    closed_at: Moment | None
    disposition: str


class Closing(Question):
    """Which finding is closed, and what was done about it."""

    key: Words
    disposition: Words = Field(examples=["Access was taken back; no use in between."])


@call("GET findings", scope="findings:read", needs=FINDINGS)
def finding_list(
    request: Request, paging: Query[Paging], kind: Kind | None = None, closed: Flag = False
) -> Listed[Finding]:
    """List the open findings of the sides that the caller reads, oldest first; with `closed=true` all."""
    found = findings.findings(actor=request.caller.actor, now=request.caller.now, kind=kind, closed=closed)
    return listed(request, paging, found, key=lambda one: one.key, made=_finding)


@call("POST findings/close", scope="findings:write", needs=FINDINGS)
def finding_close(request: Request, body: Closing) -> Finding:
    """Close a finding with what was done about it."""
    caller = request.caller
    return _finding(findings.close(actor=caller.actor, now=caller.now, key=body.key, disposition=body.disposition))


def _finding(one: Found) -> Finding:
    facts = {"person": one.person_id or "?", **one.params}
    return Finding(
        key=one.key,
        kind=one.kind,
        message=said(f"findings.{one.kind}", facts),
        person_id=one.person_id,
        side=one.side,
        raised_at=one.raised_at,
        closed_at=one.closed_at,
        disposition=one.disposition,
    )
