"""Spreadsheets of people, read for one event: which column is what, what the cells say, and what would come of it.

Nothing here changes a row; ``actions.import_registrations`` does, by the same reading.
"""
