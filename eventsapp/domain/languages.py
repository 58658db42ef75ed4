"""BCP 47 language tags: which ones exist, which of several serves a reader, and what languages call themselves.

Tags inside are always in their canonical case (``zh-Hant``, ``es-419``, ``pt-BR``). The language of the interface
is another matter: ``eventsapp.translations``.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localedata import locale_identifiers

from eventsapp.domain.errors import N_, Invalid

_SHAPE = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extlang>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
)
_LONGEST_TAG = 35  # RFC 5646 §4.4.1
_LONGEST_TYPED = 100
_GRANDFATHERED = re.compile(
    "art-lojban|cel-gaulish|en-gb-oed|no-bok|no-nyn|sgn-be-fr|sgn-be-nl|sgn-ch-de"
    "|zh-(guoyu|hakka|min|min-nan|xiang)|[ix]-.*",
    re.DOTALL,
)
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis", "root"})
_NO_SCRIPT = frozenset({"Zxxx", "Zyyy", "Zinh", "Zzzz"})
_NO_COUNTRY = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
_SEMICOLONS = {"ar": "؛ ", "fa": "؛ ", "ur": "؛ ", "zh": "；", "ja": "；"}
_RTL_SCRIPTS = frozenset(
    (
        "Adlm",
        "Arab",
        "Aran",
        "Armi",
        "Avst",
        "Hebr",
        "Mand",
        "Mend",
        "Nkoo",
        "Phnx",
        "Rohg",
        "Samr",
        "Sogd",
        "Syrc",
        "Thaa",
    )
)
_MOST_RANGES = 30
_LONGEST_HEADER = 2000


@lru_cache(maxsize=4096)
def canonical_tag(text: str) -> str:
    """The tag that ``text`` spells, in canonical case: language, then script, region and variants where given.

    Underscores and other cases are mended, superseded codes replaced (``iw`` is ``he``). Raises Invalid for what is
    no tag or names an unknown language, script or region. RFC 5646.
    """
    typed = unicodedata.normalize("NFKC", text[:_LONGEST_TYPED]).strip()
    lowered = typed.replace("_", "-").lower()
    if _GRANDFATHERED.fullmatch(lowered):
        raise Invalid(
            N_("%(tag)s is an old or private language tag; write the language's own code, for example zh-Hant."),
            tag=_shown(typed),
        )
    found = _SHAPE.fullmatch(lowered) if len(lowered) <= _LONGEST_TAG else None
    if found is None:
        raise Invalid(
            N_("%(tag)s is not a language tag; write a code such as en, es-419, pt-BR or zh-Hant."), tag=_shown(typed)
        )
    parts = [_language(found["extlang"] or found["language"], typed)]
    if found["script"]:
        parts.append(_script(found["script"], typed))
    if found["region"]:
        parts.append(_region(found["region"], typed))
    return "-".join(parts + _variants(found["variants"], typed))


@lru_cache(maxsize=4096)
def _parents(tag: str) -> tuple[str, ...]:
    """The chain of ``parents``; CLDR's parent locales come before plain truncation."""
    chain: list[str] = []
    todo = [tag]
    while todo:
        this = todo.pop(0)
        if this in chain or len(chain) > 20:  # noqa: PLR2004  a bound, in case CLDR ever holds a circle
            continue
        chain.append(this)
        exception = get_global("parent_exceptions").get(this.replace("-", "_"))
        scripted = _with_script(this)
        shorter = this.rpartition("-")[0]
        todo = [step for step in (exception and exception.replace("_", "-"), scripted, shorter) if step] + todo
    return tuple(chain)


def parents(tag: str) -> list[str]:
    """What may serve instead of ``tag``, nearest first and the tag itself before all: es-MX, es-419, es."""
    return list(_parents(tag))


def lookup(asked: str, available: Sequence[str], default: str) -> str:
    """The one of ``available`` that serves a reader who asked for ``asked``; ``default`` where none does.

    Asked tag, then its parents, then another region or script of the same language (RFC 4647 §3.4, with the
    parents of CLDR). Any text may be asked.
    """
    found = _served(asked, available)
    return default if found is None else found


def lookup_alike(asked: str, available: Sequence[str]) -> str | None:
    """The like of ``lookup`` that stays within the script asked for: what serves a reader of zh-Hant is not zh-Hans."""
    asked = _canonical(asked)
    return _served(asked, [tag for tag in available if alike(tag, asked)]) if asked else None


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> bool:
    """Whether two tags name one language in one script: es-MX and es-ES, but not zh-Hant and zh-Hans."""
    return related(one, other) and _script_of(one) == _script_of(other)


def related(one: str, other: str) -> bool:
    """Whether two tags name one language, perhaps of two regions or scripts: es-MX and es-ES, nb and no."""
    return _parents(one)[-1] == _parents(other)[-1]


def negotiate(accept_language: str | None, available: Sequence[str], default: str) -> str:
    """The one of ``available`` that an Accept-Language header asks for most; any header is safe (RFC 9110 §12.5.4)."""
    for asked in wishes(accept_language):
        if asked == "*":
            return default
        if (found := _served(asked, available)) is not None:
            return found
    return default


def wishes(accept_language: str | None) -> list[str]:
    """The tags that an Accept-Language header names, canonical, what is wished most first; ``*`` is any language."""
    ranges: list[tuple[float, int, str]] = []
    for position, item in enumerate((accept_language or "")[:_LONGEST_HEADER].split(",")[:_MOST_RANGES]):
        asked, _, weight = item.partition(";")
        quality = _quality(weight)
        if quality > 0 and asked.strip():
            ranges.append((-quality, position, asked.strip()))
    return [tag for *_order, asked in sorted(ranges) if (tag := asked if asked == "*" else _canonical(asked))]


@lru_cache(maxsize=1024)
def babel_locale(tag: str) -> Locale:
    """The nearest locale that CLDR has data for; English where there is none."""
    for step in _parents(tag):
        try:
            return Locale.parse(step, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """The writing direction, by the tag's script or else the language's usual one."""
    return "rtl" if _script_of(tag) in _RTL_SCRIPTS else "ltr"


def listed(texts: Iterable[str], tag: str) -> str:
    """Texts that may hold commas, one after the other with the language's semicolon between them."""
    return _SEMICOLONS.get(babel_locale(tag).language, "; ").join(texts)


def usual_region(tag: str) -> str:
    """The ISO 3166-1 code of the country that most readers of a language live in; empty where CLDR knows none."""
    likely = get_global("likely_subtags")
    found = next((str(likely[key]) for step in _parents(tag) if (key := step.replace("-", "_")) in likely), "")
    region = found.rpartition("_")[2]
    return region if len(region) == 2 and region not in _NO_COUNTRY else ""  # noqa: PLR2004


def own_name(tag: str) -> str:
    """What a language calls itself, as a heading or link: Español, العربية, 繁體中文."""
    name = language_name(tag, tag)
    return name[:1].title() + name[1:]


def spoken(tag: str) -> str:
    """A tag as people name what is spoken: without the script, which only writing has (``zh-Hans`` → ``zh``)."""
    return re.sub(r"-[A-Z][a-z]{3}(?=-|$)", "", tag)


def known_tags(first: Iterable[str] = ()) -> list[str]:
    """Every language that has a name of its own: ``first``, and then the others by that name."""
    before = list(first)
    return before + sorted(set(_named_tags()) - set(before), key=lambda tag: _folded(own_name(tag)))


@cache
def _named_tags() -> tuple[str, ...]:
    named = {code.replace("_", "-") for code in locale_identifiers() if "_" not in code} - _NO_LANGUAGE
    return tuple(tag for tag in named if own_name(tag).lower() != tag)


@lru_cache(maxsize=4096)
def language_name(tag: str, in_tag: str) -> str:
    """The name of one language in another, in that language's usual case; the tag where no name is known."""
    key = tag.replace("-", "_")
    in_locale = babel_locale(in_tag)
    if not related(str(in_locale).replace("_", "-"), in_tag):
        in_locale = Locale("en")
    if key in in_locale.languages:
        return str(in_locale.languages[key])
    try:
        shown = Locale.parse(key).get_display_name(in_locale)
    except (ValueError, UnknownLocaleError):
        shown = None
    language = key.partition("_")[0]
    return str(shown or in_locale.languages.get(language) or Locale("en").languages.get(language) or tag)


@cache
def country_names(in_tag: str) -> list[tuple[str, str]]:
    """Every country as (ISO 3166-1 code, name), sorted by name for that language. The list is shared: do not change."""
    territories = babel_locale(in_tag).territories
    rows = [
        (code, str(territories.get(code) or english))
        for code, english in Locale("en").territories.items()
        if len(code) == 2 and code not in _NO_COUNTRY  # noqa: PLR2004
    ]
    return sorted(rows, key=lambda row: (_folded(row[1]), row[0]))


def _canonical(asked: str) -> str:
    try:
        return canonical_tag(asked)
    except Invalid:
        return ""


def _served(asked: str, available: Sequence[str]) -> str | None:
    asked = _canonical(asked)
    if not asked:
        return None
    exact = {tag.lower(): tag for tag in reversed(available)}
    for step in _parents(asked):
        if step.lower() in exact:
            return exact[step.lower()]
    for step in _parents(asked):
        children = [tag for tag in available if step in _parents(tag)]
        if children:
            usual = _usual(step)
            return next((tag for tag in children if usual in _parents(tag)), children[0])
    return None


def _usual(tag: str) -> str:
    """The region that a language without one usually means: pt is pt-BR, zh is zh-Hans."""
    likely = get_global("likely_subtags").get(tag.replace("-", "_"))
    if likely is None:
        return tag
    language, script, region = likely.split("_")
    return f"{language}-{script}" if language == "zh" else f"{language}-{region}"


def _with_script(tag: str) -> str | None:
    """zh-TW is written in the script of zh-Hant, other than zh alone would be."""
    parts = tag.split("-")
    likely = get_global("likely_subtags")
    if len(parts) != 2 or not (2 <= len(parts[1]) <= 3):  # noqa: PLR2004
        return None
    scripted, bare = likely.get("_".join(parts)), likely.get(parts[0])
    if scripted is None or bare is None or scripted.split("_")[1] == bare.split("_")[1]:
        return None
    return f"{parts[0]}-{scripted.split('_')[1]}"


@lru_cache(maxsize=4096)
def _script_of(tag: str) -> str:
    for part in tag.split("-")[1:]:
        if len(part) == 4 and part.isalpha():  # noqa: PLR2004
            return part.title()
    likely = get_global("likely_subtags")
    for step in _parents(tag):
        if step.replace("-", "_") in likely:
            return str(likely[step.replace("-", "_")]).split("_")[1]
    return "Latn"


def _language(code: str, typed: str) -> str:
    alias = str(get_global("language_aliases").get(code, code))
    code = code if "_" in alias else alias
    known = code in get_global("likely_subtags") or code in Locale("en").languages
    if code in _NO_LANGUAGE or not known:
        raise Invalid(
            N_("%(tag)s names no known language; write a code such as en, es-419, pt-BR or zh-Hant."),
            tag=_shown(typed),
        )
    return code


def _script(code: str, typed: str) -> str:
    code = code.title()
    if code not in Locale("en").scripts or code in _NO_SCRIPT:
        raise Invalid(
            N_("%(tag)s: %(part)s is no known script; write for example zh-Hant or sr-Latn."),
            tag=_shown(typed),
            part=code,
        )
    return code


def _region(code: str, typed: str) -> str:
    code = code.upper()
    replacement = get_global("territory_aliases").get(code, [])
    code = str(replacement[0]) if len(replacement) == 1 else code
    if code not in Locale("en").territories or code in {"ZZ", "XA", "XB"}:
        raise Invalid(
            N_("%(tag)s: %(part)s is no known region; write for example pt-BR or es-419."), tag=_shown(typed), part=code
        )
    return code


def _variants(text: str, typed: str) -> list[str]:
    parts = text.split("-")[1:]
    for part in parts:
        if part.upper() not in Locale("en").variants or parts.count(part) > 1:
            raise Invalid(
                N_("%(tag)s: %(part)s is no known language variant; leave it out."), tag=_shown(typed), part=part
            )
    return parts


def _quality(weight: str) -> float:
    name, _, value = weight.partition("=")
    if not weight.strip():
        return 1.0
    if name.strip().lower() != "q" or not re.fullmatch(r"[01](?:\.[0-9]{0,3})?", value.strip()):
        return 0.0
    return min(float(value), 1.0)


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _shown(text: str) -> str:
    text = "".join(c for c in text if c.isprintable())
    return text if len(text) <= _LONGEST_TAG else f"{text[:_LONGEST_TAG]}…"
