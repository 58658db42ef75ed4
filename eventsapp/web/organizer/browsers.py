"""A browser by the names that people know it by: "Firefox, Android". Nothing finer is kept."""

_BROWSERS = (  # in this order: most call themselves by others' names too
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(agent: str) -> str:
    """An empty text where it is none that is known."""
    found = (next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)
