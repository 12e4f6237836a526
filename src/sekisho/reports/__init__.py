"""Figures and tables as people take them away: sheets, charts. No facts are read here."""
