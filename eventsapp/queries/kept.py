"""What the database keeps by itself, beside what it tells of (``models.kept``)."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from eventsapp.domain.vocabulary import HELD
from eventsapp.models import ChosenOption, OptionCount, Place, PlaceCount

COUNTED = {  # what is there, as the rows of each table that is kept
    PlaceCount: (
        ("occurrence_id", "state"),
        select(Place.occurrence_id, Place.state, func.count()).group_by(Place.occurrence_id, Place.state),
    ),
    OptionCount: (
        ("question_id", "option_id"),
        select(ChosenOption.question_id, ChosenOption.option_id, func.count())
        .where(exists().where(Place.registration_id == ChosenOption.registration_id, Place.state.in_(HELD)))
        .group_by(ChosenOption.question_id, ChosenOption.option_id),
    ),
}


def wrong_counts(session: Session) -> list[str]:
    """A line for each count that is not what is there; reads all of it, so it is for ``doctor`` and for tests."""
    wrong = []
    for table, (columns, counted) in COUNTED.items():
        found = {(id_, word): number for id_, word, number in session.execute(counted)}
        rows = session.execute(select(*(getattr(table, name) for name in (*columns, "number"))))
        kept = {(id_, word): number for id_, word, number in rows}
        about = columns[0].removesuffix("_id")
        wrong += [
            f"{about} {id_}, {word}: {kept.get((id_, word), 0)}, not {found.get((id_, word), 0)}"
            for id_, word in sorted(found.keys() | kept.keys())
            if kept.get((id_, word), 0) != found.get((id_, word), 0)
        ]
    return wrong
