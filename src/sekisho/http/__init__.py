"""What pages and API share: who is calling, and what an error is in HTTP. Nothing here knows HTML or JSON."""
