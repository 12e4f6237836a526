"""Target systems behind one Protocol."""
