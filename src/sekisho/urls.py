"""Every address of the site: the pages of the rooms, signing in, the API."""

from django.urls import include, path

from sekisho.web import pages

pages.load()

urlpatterns = [
    *(path(page.path, page.view, name=page.name) for page in pages.PAGES.values()),
    path("accounts/", include("allauth.urls")),
]

handler400 = "sekisho.web.errors.bad_request"
handler403 = "sekisho.web.errors.refused"
handler404 = "sekisho.web.errors.not_found"
handler500 = "sekisho.web.errors.failed"
