"""The door for a WSGI server; `sekisho serve` uses it."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings")
application = get_wsgi_application()
gc.collect()
gc.freeze()  # what a process keeps anyway is not walked again: each walk would cost a page a tenth of a second
