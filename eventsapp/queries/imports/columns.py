"""Which column of a spreadsheet is what: guessed by its head, and what an organizer may choose instead."""

from collections.abc import Sequence

from eventsapp.domain.errors import N_
from eventsapp.models import Event
from eventsapp.queries.exports import ANSWER, COLUMNS, date_words
from eventsapp.queries.imports.cells import bare, dates_by_words, in_every_language
from eventsapp.queries.registrations import question_specs
from eventsapp.translations import gettext

DATE = "date:"  # before an occurrence's key: the column that says how the place there stands
NAME, FIRST, LAST, EMAIL, AT, STATE = "name", "first_name", "last_name", "email", "date", "state"
FIELDS = {
    EMAIL: N_("E-mail"),
    NAME: N_("Name"),
    FIRST: N_("First name"),
    LAST: N_("Last name"),
    "language": N_("Language"),
    "zone": N_("Time zone"),
    "note": N_("Note"),
    "source": N_("Source"),
    AT: N_("Date"),
    STATE: N_("State"),
}
_OTHERS = {  # heads that other programs and people write
    EMAIL: """e-mail address|email address|mail|e-mail id|correo|correo electrónico|dirección de correo electrónico
        |courriel|adresse e-mail|adresse électronique|e-mail-adresse|endereço de e-mail|indirizzo e-mail|indirizzo email
        |posta elettronica|البريد الإلكتروني|عنوان البريد الإلكتروني|邮箱|电子邮件|电子邮箱|user email""",
    NAME: """full name|your name|attendee|attendee name|registrant|participant|nombre|nombre completo
        |nombre y apellidos|nom|nom complet|nom et prénom|vollständiger name|nome|nome completo|الاسم|الاسم الكامل
        |姓名|名字""",
    FIRST: """first name|given name|forename|nombre de pila|primer nombre|nombres|prénom|vorname|primeiro nome
        |nome próprio|الاسم الأول|名""",
    LAST: """last name|surname|family name|apellido|apellidos|nom de famille|nachname|familienname|sobrenome|apelido
        |cognome|اسم العائلة|姓|姓氏""",
    "language": "lang|preferred language|idioma|langue|sprache|lingua|اللغة|语言",
    "zone": "timezone|zona horaria|fuseau horaire|zeitzone|fuso horário|fuso orario|المنطقة الزمنية|时区",
    "note": "notes|comment|comments|nota|notas|remarque|notiz|bemerkung",
    STATE: "status|registration status|approval status|estado|statut|situação|stato|الحالة|状态",
    AT: "session|occurrence|fecha|datum|data",
}


def targets(event: Event, tag: str) -> dict[str, str]:
    """What a column can be, by name, in the language ``tag``, which is spoken."""
    found = {name: gettext(words) for name, words in FIELDS.items()}
    found |= {f"{DATE}{one.key}": date_words(one, tag) for one in event.occurrences}
    return found | {f"{ANSWER}{spec.key}": spec.label_in(tag) for spec in question_specs(event)}


def guess(event: Event, heads: Sequence[str]) -> list[str]:
    """Of each column what it seems to be; an empty text where that is unknown. Nothing twice."""
    named = _named(event)
    found: list[str] = []
    for head in heads:
        target = named.get(bare(head), "")
        found.append("" if target in found else target)
    if NAME in found and (FIRST in found) is not (LAST in found):  # "Nombre" beside "Apellidos", "Nom" beside "Prénom"
        found[found.index(NAME)] = LAST if FIRST in found else FIRST
    return found


def _named(event: Event) -> dict[str, str]:
    """What a bare head means. Questions come last: one that asks for the e-mail address is not our own column."""
    named: dict[str, str] = {}
    for name, words in FIELDS.items():
        for head in in_every_language(lambda _tag, words=words: gettext(words)):  # type: ignore[misc]
            named.setdefault(bare(head), name)
    for name, heads in _OTHERS.items():
        for head in heads.split("|"):
            named.setdefault(bare(head), name)
    for name in (AT, STATE, *COLUMNS):
        named.setdefault(bare(name), name if name in FIELDS else "")
    for words, key in dates_by_words(event).items():
        named.setdefault(bare(words), f"{DATE}{key}")
    for spec in question_specs(event):
        for label in (*spec.label.values(), spec.key):
            named.setdefault(bare(label), f"{ANSWER}{spec.key}")
    named.pop("", None)
    return named
