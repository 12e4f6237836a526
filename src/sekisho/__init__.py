"""Sekisho: an information firewall for people who move."""
