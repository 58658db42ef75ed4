"""When scheduled letters are due: so long before or after an occurrence, on the reader's clock. Pure: knows no time."""

DEFAULT_REMINDERS = ("24 hours before start", "1 hour before start")
