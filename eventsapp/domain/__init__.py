"""Domain words and rules. PURE: no Flask, no SQLAlchemy, no clock and no network in this room."""
