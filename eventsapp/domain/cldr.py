"""Mends Babel, once, before the first name of a month is read. Import this wherever Babel's locale data are read.

Babel stores a resolved CLDR alias in a dictionary that all locales share (python-babel/babel#1234): the first language
to be asked decides what others answer, so that after Chinese, Portuguese has 6月 for June. Here an alias is followed
each time.
"""

from typing import Any

from babel.localedata import Alias, LocaleDataDict, merge


def _resolved(self: LocaleDataDict, key: str | int | None) -> Any:
    """What Babel's own method should answer; the data stay as they are."""
    value: Any = self._data[key]
    value, own = value if isinstance(value, tuple) else (value, None)  # an alias, and what this locale has besides
    if isinstance(value, Alias):
        found: Any = LocaleDataDict(self.base)  # type: ignore[arg-type]
        for step in value.keys:
            found = found[step]
        value = found._data if isinstance(found, LocaleDataDict) else found  # noqa: SLF001  its own class's method
    if own is not None:
        value = dict(value)
        merge(value, own)
    return LocaleDataDict(value, base=self.base) if isinstance(value, dict) else value


LocaleDataDict.__getitem__ = _resolved  # type: ignore[method-assign]
