"""The register of pages: each says where it is, who may open it, and what it shows.

A page is a function from a request to `Shown`; the decorator refuses whoever may not open it, writes
the sheet that is asked for, and renders. There is no other way to add an address, so a page without its
decision about law 8 cannot exist. What may be done on a page is named beside it (`acts`, the word `do` of its
forms); anything else is turned away. `tests/web` tries every page and every act in every role.
"""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render

from sekisho import web
from sekisho.core.visibility import Depth, FactKind, Purpose, widest
from sekisho.http.callers import Caller, opens
from sekisho.reports import sheets
from sekisho.services import installation, visibility
from sekisho.services.waiting import Wait
from sekisho.web.tables import Table


class Request(HttpRequest):
    """A request that went through the gate: somebody is signed in."""

    caller: Caller
    htmx: Any
    waits: tuple[Wait, ...]
    """What waits for the reader, once it was asked for."""
    act: str = ""
    """What a posted form asks for: one of the page's acts."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows. `tables` can be taken away as sheets: `?sheet=<name>` of the same address.

    A request of htmx for one table (`?only=<name>`) gets that table alone.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    status: int = 200
    prints: bool | None = None
    """Whether the page offers itself for paper; None: if it has tables."""


View = Callable[..., HttpResponseBase | Shown]


@dataclass(frozen=True, slots=True)
class Page:
    """One address and its decision: any of `needs` at least to `least`; no needs, everybody signed in."""

    name: str
    path: str
    needs: tuple[FactKind, ...]
    least: Depth
    acts: tuple[str, ...]
    view: Callable[..., HttpResponseBase]
    shows: bool = True
    """False for an address that is only posted to."""

    @property
    def methods(self) -> tuple[str, ...]:
        return (*(("GET", "HEAD") if self.shows else ()), *(("POST",) if self.acts else ()))

    def act(self, request: HttpRequest) -> str:
        """Return the act that a form asks for; on a page with one act the form need not name it.

        Raises:
            BadRequest: the page has no such act.
        """
        only = self.acts[0] if len(self.acts) == 1 else ""
        asked = request.POST.get("do", only)
        if asked not in self.acts:
            raise BadRequest(asked)
        return asked

    def open_to(self, caller: Caller) -> bool:
        """Tell whether the caller may open the page at all; what he then sees the services decide."""
        return opens(caller, needs=self.needs, least=self.least)


PAGES: dict[str, Page] = {}


def page(
    path: str,
    name: str,
    *,
    needs: tuple[FactKind, ...],
    least: Depth = Depth.COUNT,
    acts: tuple[str, ...] = (),
    shows: bool = True,
) -> Callable[[View], View]:
    """Register a view as the page `name` at `path`; `needs` are the kinds of fact of which one must be visible.

    A page with `acts` is posted to; one that does not show is nothing else.
    """

    def register(view: View) -> View:
        @wraps(view)
        def asked(request: Request, **words: object) -> HttpResponseBase:
            found = PAGES[name]
            if request.method not in found.methods:
                return HttpResponseNotAllowed(found.methods)
            if not found.open_to(request.caller):
                kinds = ", ".join(kind.value for kind in found.needs)
                params = {"actor": request.caller.actor.name, "kind": kinds, "side": "-"}
                raise visibility.NotVisible("visibility.refused", params)
            if request.method == "POST":
                request.act = found.act(request)
            shown = view(request, **words)
            return answer(request, shown, found) if isinstance(shown, Shown) else shown

        PAGES[name] = Page(name, path, needs, least, acts, asked, shows)
        return view

    return register


def load() -> None:
    """Import every module of the floor, so that all pages are registered."""
    for module in pkgutil.iter_modules(web.__path__):
        import_module(f"{web.__name__}.{module.name}")


def answer(request: Request, shown: Shown, found: Page) -> HttpResponse:
    """Render a page, one of its tables, or one of its tables as a sheet."""
    may_export = exports(request.caller, found.needs)
    named = {table.name: table for table in shown.tables}
    wanted = request.GET.get("sheet")
    if wanted is not None:
        if wanted not in named:
            raise Http404
        if not may_export:
            raise visibility.NotVisible("visibility.no_export", {"actor": request.caller.actor.name})
        return _sheet(named[wanted])
    context = {**shown.context, **{f"table_{name}": table for name, table in named.items()}, "may_export": may_export}
    context["here"] = found.path.partition("/")[0]
    context["prints"] = bool(named) if shown.prints is None else shown.prints
    only = request.GET.get("only")
    if request.htmx and only in named:
        part = render(request, "parts/table.html", {**context, "table": named[only]})
        part["HX-Replace-Url"] = request.path + named[only].address()  # a filter that is typed stands in the address
        return part
    return render(request, shown.template, context, status=shown.status)


def exports(caller: Caller, needs: tuple[FactKind, ...]) -> bool:
    """Tell whether the caller may take such facts out of the house as a file."""
    on = installation.today(now=caller.now)
    kinds = needs or (FactKind.MOVE,)
    return any(widest(caller.actor, kind=kind, purpose=Purpose.EXPORT, on=on) is Depth.DETAIL for kind in kinds)


def _sheet(table: Table) -> HttpResponse:
    content = sheets.workbook(
        title=table.caption, columns=[column.title for column in table.columns], rows=table.values()
    )
    response = HttpResponse(content, content_type=sheets.XLSX)
    response["Content-Disposition"] = f'attachment; filename="{table.name}.xlsx"'
    return response
