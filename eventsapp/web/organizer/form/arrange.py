"""Questions put in, moved, copied, retired and taken out of an event's record. Raises Refused, in words for people."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.languages import lookup
from eventsapp.reading.fields import slugified
from eventsapp.reading.values import EventRecord, OptionRecord, QuestionRecord

Change = Callable[[EventRecord], EventRecord]

_LONGEST_KEY = 40


def question_of(record: EventRecord, key: str) -> QuestionRecord:
    """Raises NotFound."""
    found = next((question for question in record.questions if question.id == key), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def added(question: QuestionRecord) -> Change:
    return lambda record: replace(record, questions=(*record.questions, question))


def renamed(question: QuestionRecord, key: str) -> QuestionRecord:
    return replace(question, id=key)


def put(question: QuestionRecord) -> Change:
    """In the place of the one with the same id."""

    def change(record: EventRecord) -> EventRecord:
        question_of(record, question.id)
        return replace(record, questions=tuple(question if one.id == question.id else one for one in record.questions))

    return change


def moved(key: str, step: int) -> Change:
    """One place up (-1) or down (1) among those that are asked as it is, or not any more; at either end it stays."""

    def change(record: EventRecord) -> EventRecord:
        question = question_of(record, key)
        asked = [one for one in record.questions if one.retired == question.retired]
        at = asked.index(question)
        if not 0 <= at + step < len(asked):
            return record
        neighbour = asked[at + step]
        others = [one for one in record.questions if one.id != key]
        place = others.index(neighbour) + (1 if step > 0 else 0)
        return _kept_in_order(replace(record, questions=(*others[:place], question, *others[place:])))

    return change


def copied(key: str, new_key: str) -> Change:
    """A copy with an id of its own, right behind it."""

    def change(record: EventRecord) -> EventRecord:
        copy = replace(question_of(record, key), id=new_key, retired=False)
        both = [(one, copy) if one.id == key else (one,) for one in record.questions]
        return replace(record, questions=tuple(one for ones in both for one in ones))

    return change


def retired(key: str, *, really: bool) -> Change:
    """Not asked any more; or asked again."""

    def change(record: EventRecord) -> EventRecord:
        question = question_of(record, key)
        if really:
            _refuse_waiting(record, question, [one for one in waiting_for(record, key) if not one.retired])
        elif any(question_of(record, condition.question).retired for condition in question.only_if):
            raise Refused(
                N_("“%(label)s” is asked only after some answers to a question that is not asked any more."),
                label=label_of(record, question),
            )
        return put(replace(question, retired=really))(record)

    return change


def removed(key: str) -> Change:
    def change(record: EventRecord) -> EventRecord:
        _refuse_waiting(record, question_of(record, key), waiting_for(record, key))
        return replace(record, questions=tuple(one for one in record.questions if one.id != key))

    return change


def waiting_for(record: EventRecord, key: str) -> list[QuestionRecord]:
    """The questions whose conditions name this one."""
    return [one for one in record.questions if any(condition.question == key for condition in one.only_if)]


def label_of(record: EventRecord, what: QuestionRecord | OptionRecord, tag: str = "") -> str:
    """In the language ``tag``, or in the event's own."""
    usual = record.default_language if record.default_language in what.label else next(iter(what.label), "")
    return what.label.get(lookup(tag or record.default_language, list(what.label), usual), what.id)


def new_key(wished: str, taken: Iterable[str], otherwise: str) -> str:
    """An id that none of ``taken`` is: made of the words ``wished``, or of ``otherwise`` where they have no letters."""
    known = {name.lower() for name in taken}
    words, name = slugified(wished).split("-"), ""
    for word in words:
        name = name if name and len(name) + len(word) >= _LONGEST_KEY else f"{name}-{word}".strip("-")[:_LONGEST_KEY]
    name = name or otherwise
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 1000))) if one not in known)


def _refuse_waiting(record: EventRecord, question: QuestionRecord, waiting: Sequence[QuestionRecord]) -> None:
    if waiting:
        raise Refused(
            N_("“%(label)s” is asked only after some answers to “%(other)s”. Change that first."),
            label=label_of(record, waiting[0]),
            other=label_of(record, question),
        )


def _kept_in_order(record: EventRecord) -> EventRecord:
    """The record itself, if every condition names a question above."""
    above: set[str] = set()
    for question in record.questions:
        for condition in question.only_if:
            if condition.question not in above:
                raise Refused(
                    N_("“%(label)s” is asked only after some answers to “%(other)s”, so it has to stay below it."),
                    label=label_of(record, question),
                    other=label_of(record, question_of(record, condition.question)),
                )
        above.add(question.id)
    return record
