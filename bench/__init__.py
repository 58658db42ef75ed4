"""What eventsapp costs, measured from outside: `make bench`. README.md says how to read it."""
