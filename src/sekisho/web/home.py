"""The first page: what waits for the reader, the next transfer day, himself. And the choice of language."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from sekisho.http.callers import LANGUAGE_COOKIE
from sekisho.services import installation, mine, transfer_days, users, waiting
from sekisho.services.mine import Mine
from sekisho.services.transfers import Move
from sekisho.services.waiting import Wait
from sekisho.web import board_answers
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import day as written_day
from sekisho.web.words import say, side_name

DETAIL = {
    "approvals": ("plan", "sha256"),
    "exceptions": ("exception", "exception"),
    "rule_changes": ("rules_change", "change"),
    "rows": ("import_file", "file_id"),
}
"""Where a single thing has its own page: its name and the word of its address."""
STANDINGS = {"in_the_way": "stands", "unchecked": "unchecked"}
"""What of the season is asked for: the filter's word."""
ELSEWHERE = {
    "proposals": "administration_proposals",
    "exceptions": "exceptions",
    "rule_changes": "rules_changes",
    "switches": "plans",
    "unread": "systems",
}


@page("", "home", needs=())
def home(request: Request) -> Shown:
    """Say what waits for the reader today, and what concerns himself."""
    caller = request.caller
    found = request.waits = waiting.waiting(actor=caller.actor, now=caller.now)
    ahead = waiting.moves(actor=caller.actor, now=caller.now)
    own = mine.mine(actor=caller.actor, now=caller.now)
    day = transfer_days.next_day(actor=caller.actor, now=caller.now)
    today = installation.today(now=caller.now)
    context = {
        "waits": [(one, _sentence(one), _href(one, request)) for one in (*found, *ahead)],
        "next_day": day,
        "days_ahead": (day - today).days if day else 0,
        "season": board_answers.link("season", request),
        "board": board_answers.link("board", request),
        "mine": _mine(own) if own else None,
    }
    return Shown("home/home.html", context, prints=True)


def _sentence(one: Wait) -> str:
    facts = {"n": f"{one.n:,}", "total": f"{one.total:,}", "day": written_day(one.day), **one.facts}
    return say(f"page_home.wait_{one.kind}", **facts)


def _href(one: Wait, request: Request) -> str:
    """Return the thing's own page where there is one thing, else the room in which they are dealt with."""
    if one.kind in STANDINGS:
        return f"{reverse('season')}?verdict={STANDINGS[one.kind]}#moves"
    if one.about and one.kind in DETAIL:
        name, word = DETAIL[one.kind]
        return reverse(name, kwargs={word: one.about})
    return board_answers.link(ELSEWHERE.get(one.kind, one.room), request)


def _mine(own: Mine) -> dict[str, object]:
    """Return what concerns the reader himself, in plain words."""
    return {
        "person_id": own.person_id,
        "posts": [(one.unit_name or one.post.unit, one.post.title, one.post.period.start) for one in own.posts],
        "moves": [_move(one) for one in own.moves],
        "unit_moves": [_move(one) for one in own.unit_moves],
        "switched": [(one, side_name(one.side)) for one in own.switched],
        "remains": own.remains,
    }


def _move(one: Move) -> dict[str, object]:
    order = one.order
    return {
        "name": one.name,
        "day": order.first_day,
        "from": one.from_name,
        "to": one.to_name,
        "type": say(f"page_words.type_{order.order_type.value}"),
        "status": say(f"page_words.status_{order.status.value}"),
        "href": reverse("transfer", kwargs={"order": order.id}),
    }


@page("language", "language", needs=(), acts=("choose",), shows=False)
def language(request: Request) -> HttpResponse:
    """Keep the reader's choice: with the user where one is signed in, in this browser as well."""
    chosen, where = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(where, allowed_hosts=None):
        where = "/"
    response = HttpResponseRedirect(where)
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, samesite="Lax", httponly=True)
        if request.user.is_authenticated:
            users.choose_language(name=request.user.get_username(), language=chosen)
    return response
