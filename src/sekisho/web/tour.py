"""The demo's tour: one small transfer day, step by step: who signs in, where, what to do, what to see."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from sekisho.core.visibility import Depth, FactKind
from sekisho.services import tour as services
from sekisho.web import rooms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import say

STEPS = (
    ("jinji", "imports", ""),
    ("jinji", "import_movers", ""),
    ("houmu", "season", "?from=2024-04-15&day=2024-05-01"),
    ("joshisu", "plans", ""),
    ("houmu", "plans", ""),
    ("joshisu", "plans", ""),
    ("kanri", "administration_health", ""),
    ("joshisu", "board", "?day=2024-05-01"),
    ("houmu", "verification", ""),
    ("kansa", "ledger", ""),
)
"""Who signs in, which page he opens, and what of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the page shows it."""

    user: str
    href: str
    room: str
    does: str
    sees: str


@page("tour", "tour", needs=())
def tour(request: Request) -> Shown:
    """Show the steps, and HR's files to take along for those who may read them."""
    names = services.files(home=request.caller.home)
    steps = [
        Step(
            user,
            reverse(name) + query,
            say(f"page_rooms.{rooms.room_of(reverse(name))}"),
            say(f"page_tour.do_{number}"),
            say(f"page_tour.see_{number}"),
        )
        for number, (user, name, query) in enumerate(STEPS, start=1)
    ]
    return Shown("tour/tour.html", {"steps": steps, "files": names})


@page("tour/<str:name>", "tour_file", needs=(FactKind.ORDER_FILE,), least=Depth.DETAIL)
def tour_file(request: Request, name: str) -> HttpResponse:
    """Hand out one of the tour's files."""
    caller = request.caller
    content = services.file(actor=caller.actor, now=caller.now, home=caller.home, name=name)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
