"""The keys of the site: a page of its own, and what `?` shows from anywhere."""

from sekisho.web.pages import Request, Shown, page


@page("keys", "keys", needs=())
def keys(request: Request) -> Shown:  # noqa: ARG001 - every page is given its request
    """Show which keys lead where; the rooms are those open to the reader."""
    return Shown("keys/keys.html")
