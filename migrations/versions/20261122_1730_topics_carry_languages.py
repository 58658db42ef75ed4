"""topics carry languages."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_1730"
down_revision = "20261122_1725"
branch_labels = None
depends_on = None

EVENT = sa.table(
    "event",
    sa.column("id", sa.BigInteger()),
    sa.column("default_language_tag", sa.String()),
    sa.column("topics", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
)


def upgrade() -> None:
    """A text becomes {"": text}: the same in every language, as it was."""
    rewrite(lambda topics, _tag: [{"": text} for text in topics])


def downgrade() -> None:
    """Of each topic one text stays, in the event's default language where it has one."""
    rewrite(lambda topics, tag: list(dict.fromkeys(one_text(topic, tag) for topic in topics)))


def rewrite(change: Callable[[list[Any], str], list[Any]]) -> None:
    connection = op.get_bind()
    for event in connection.execute(sa.select(EVENT)).all():
        topics = change(event.topics, event.default_language_tag)
        if topics != event.topics:
            connection.execute(sa.update(EVENT).where(EVENT.c.id == event.id).values(topics=topics))


def one_text(topic: dict[str, str], tag: str) -> str:
    """In the language ``tag`` or one above it (es-MX, es), or for all languages (""), or any."""
    while tag and tag not in topic:
        tag = tag.rpartition("-")[0]
    return topic[tag] if tag in topic else next(iter(topic.values()))
