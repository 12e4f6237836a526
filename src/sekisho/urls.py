"""Every address of the site: the pages of the rooms, signing in, the API."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path

from sekisho.api import addresses
from sekisho.web import pages

pages.load()

_OPEN = (
    "login/$|logout/$|inactive/$|reauthenticate/$|password/change/$|sessions/$|"
    "2fa/(?:$|authenticate/$|reauthenticate/$|totp/|recovery-codes/|webauthn/)|"
    "oidc/|3rdparty/login/(?:cancelled|error)/$"
)
_CLOSED = rf"^accounts/(?!{_OPEN})"


def closed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django calls it so
    """Answer what allauth would offer and the house does not: nobody signs up, nothing is reset by mail."""
    raise Http404


urlpatterns = [
    re_path(_CLOSED, closed),
    path("api/", include(addresses.patterns())),
    *(path(page.path, page.view, name=page.name) for page in pages.PAGES.values()),
    path("accounts/", include("allauth.urls")),
]

handler400 = "sekisho.web.errors.bad_request"
handler403 = "sekisho.web.errors.refused"
handler404 = "sekisho.web.errors.not_found"
handler500 = "sekisho.web.errors.failed"
