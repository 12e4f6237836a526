"""Search from anywhere: persons, units, orders, systems; only what the reader may see."""

from urllib.parse import quote

from django.urls import reverse

from sekisho.services import search as services
from sekisho.web.pages import Request, Shown, page
from sekisho.web.words import say


@page("search", "search", needs=())
def search(request: Request) -> Shown:
    """Show what the words name."""
    words = request.GET.get("q", "").strip()
    found = services.search(actor=request.caller.actor, now=request.caller.now, words=words)
    groups = [
        ("persons", [(one, reverse("person", kwargs={"person": one.id})) for one in found.persons]),
        ("units", [(one, reverse("unit", kwargs={"code": one.id})) for one in found.units]),
        ("orders", [(one, f"/transfers/{quote(one.id, safe='/')}") for one in found.orders]),
        ("systems", [(one, reverse("system", kwargs={"system": one.id})) for one in found.systems]),
    ]
    shown = [(name, say(f"page_search.{name}"), hits) for name, hits in groups if hits]
    return Shown(
        "search/search.html", {"search_words": words, "groups": shown, "count": found.count, "more": found.more}
    )
