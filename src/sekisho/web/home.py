"""The first page, and the choice of language: for everybody who is signed in."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from sekisho.http.callers import LANGUAGE_COOKIE
from sekisho.services import users
from sekisho.web import rooms
from sekisho.web.pages import Request, Shown, page


@page("", "home", needs=())
def home(request: Request) -> HttpResponse | Shown:
    """Lead to the first room that is open, or say what to do where none is."""
    found = rooms.open_to(request.caller)
    return redirect(found[0].href) if found and found[0].name == "board" else Shown("home.html")


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
