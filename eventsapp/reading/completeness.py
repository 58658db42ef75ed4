"""What a record says in one language and not in another. For import's notes and for ``doctor``."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import NamedTuple

from eventsapp.domain.languages import parents
from eventsapp.reading.values import EventRecord, Words


class _Missing(NamedTuple):
    """``tag`` is empty where a text is missing in every language."""

    tag: str
    line: str


def missing_translations(record: EventRecord) -> list[str]:
    """One line for each text that a language of the event lacks, named by its key; in the order of the record."""
    return [one.line for one in _missing(record)]


def missing_by_language(record: EventRecord) -> Counter[str]:
    """How many texts each language lacks; under an empty tag those that every language lacks."""
    return Counter(one.tag for one in _missing(record))


def _missing(record: EventRecord) -> list[_Missing]:
    return [*_topics(record), *_words(record), *_labels(record), *_letters(record)]


def _topics(record: EventRecord) -> Iterator[_Missing]:
    for at, topic in enumerate(record.topics):
        yield from _lacking(record, f"topics[{at}].{{tag}}", topic)


def _words(record: EventRecord) -> Iterator[_Missing]:
    for part in fields(Words):
        texts = {tag: getattr(words, part.name) for tag, words in record.languages.items()}
        if part.name == "picture_alt" and not record.picture:
            continue
        if part.name == "picture_alt" and not any(texts.values()):
            line = "languages: picture_alt is missing; people who cannot see the picture are told nothing."
            yield _Missing("", line)
            continue
        yield from _lacking(record, "languages.{tag}." + part.name, texts)


def _labels(record: EventRecord) -> Iterator[_Missing]:
    for at, question in enumerate(record.questions):
        if question.retired:
            continue
        key = f"registration.questions[{at}]"
        yield from _lacking(record, f"{key}.label.{{tag}}", question.label)
        yield from _lacking(record, f"{key}.help.{{tag}}", question.help)
        for place, option in enumerate(question.options):
            yield from _lacking(record, f"{key}.options[{place}].label.{{tag}}", option.label)
    for at, occurrence in enumerate(record.occurrences):
        yield from _lacking(record, f"occurrences[{at}].location.{{tag}}", occurrence.location)


def _letters(record: EventRecord) -> Iterator[_Missing]:
    for kind, by_tag in record.letters.items():
        for part in ("subject", "body"):
            texts = {tag: getattr(words, part) for tag, words in by_tag.items()}
            yield from _lacking(record, f"letters.{kind}.{{tag}}.{part}", texts)


def _lacking(record: EventRecord, key: str, texts: Mapping[str, str]) -> Iterator[_Missing]:
    """A language is served by its parents too: es-MX by es.

    Nothing is lacking where no language has the text, or one text is for all languages.
    """
    having = [] if "" in texts else [tag for tag, text in texts.items() if text]
    for tag in record.languages:
        if having and not any(step in having for step in parents(tag)):
            yield _Missing(tag, f"{key.format(tag=tag)} is missing; {', '.join(having)} has it.")
