"""the database counts.

Triggers keep three tables (``models.kept``) beside every change of the rows they tell of, whoever makes it: a program
that knows nothing of them, too. A later version that makes a table anew (SQLite) does so within
``migration.triggers_kept``, or it loses them.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "20261123_0330"
down_revision = "20261122_2338"
branch_labels = None
depends_on = None
runs_beside = True

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("unverified", "confirmed", "waitlisted", "pending", "cancelled", "declined")
HELD = "('unverified', 'confirmed', 'waitlisted', 'pending')"
NEAR = 10  # so far from a limit no page says how many are left (``web.editions.FEW``)
MOST = 0xFFFFFFFFFFFF

# How to find the events that a row of a table belongs to.
SHOWN = {
    "language_variant": "SELECT {row}.event_id",
    "occurrence": "SELECT {row}.event_id",
    "question": "SELECT {row}.event_id",
    "conference": "SELECT event_id FROM occurrence WHERE id = {row}.occurrence_id",
    "organization": "SELECT id FROM event WHERE organization_id = {row}.id",
    "event": "SELECT {row}.id",
}
# What is held for an address to be verified changes with these as well: {table: (column, when, event)}.
HOLDS = {
    "place": ("promised", "OLD.state = NEW.state", "SELECT event_id FROM occurrence WHERE id = {row}.occurrence_id"),
    "registration": ("verify_until", "OLD.id = NEW.id", "SELECT {row}.event_id"),
}


def upgrade() -> None:
    for table, about, what in (
        ("place_count", "occurrence", sa.Column("state", _one_of("state", STATES), nullable=False)),
        ("option_count", "question", sa.Column("option_id", sa.String(), nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column(f"{about}_id", KEY, nullable=False),
            what,
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("id", KEY, nullable=False),
            sa.ForeignKeyConstraint(
                [f"{about}_id"], [f"{about}.id"], name=op.f(f"fk_{table}_{about}_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(f"{about}_id", what.name, name=op.f(f"uq_{table}_{about}_id_{what.name}")),
        )
    op.create_table(
        "event_stamp",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_stamp_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_stamp")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_stamp_event_id")),
    )
    for statement in _on_sqlite() if _sqlite() else _on_postgresql():  # from here on nobody changes what is counted
        op.execute(sa.DDL(statement.replace("%", "%%")))
    op.execute(
        "INSERT INTO place_count (occurrence_id, state, number)"
        " SELECT occurrence_id, state, count(*) FROM place GROUP BY occurrence_id, state"
    )
    op.execute(
        "INSERT INTO option_count (question_id, option_id, number)"
        " SELECT question_id, option_id, count(*) FROM chosen_option WHERE EXISTS"
        f" (SELECT 1 FROM place WHERE place.registration_id = chosen_option.registration_id AND state IN {HELD})"
        " GROUP BY question_id, option_id"
    )
    op.execute(f"INSERT INTO event_stamp (event_id, number) SELECT id, {_random()} FROM event")


def downgrade() -> None:
    if _sqlite():
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'keep_%'"
        for name in op.get_bind().execute(sa.text(names)).scalars().all():
            op.execute(f"DROP TRIGGER {name}")
    else:
        for name in ("keep_places", "keep_options", "keep_stamp", "draw_stamp"):
            op.execute(f"DROP FUNCTION {name} CASCADE")
    for table in ("event_stamp", "option_count", "place_count"):
        op.drop_table(table)


def _sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _one_of(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _random() -> str:
    return f"(random() & {MOST})" if _sqlite() else f"floor(random() * {MOST})::bigint"


def _on_sqlite() -> Iterator[str]:
    """A trigger sees one row after the other, each when what was done before it is done."""
    one_more = (
        "INSERT INTO place_count (occurrence_id, state, number) VALUES (NEW.occurrence_id, NEW.state, 1)"
        " ON CONFLICT (occurrence_id, state) DO UPDATE SET number = number + 1;"
    )
    one_less = (
        "UPDATE place_count SET number = number - 1 WHERE occurrence_id = OLD.occurrence_id AND state = OLD.state;"
    )
    yield f"CREATE TRIGGER keep_place_insert AFTER INSERT ON place BEGIN {one_more} END"
    yield f"CREATE TRIGGER keep_place_delete AFTER DELETE ON place BEGIN {one_less} END"
    yield (
        "CREATE TRIGGER keep_place_update AFTER UPDATE OF state, occurrence_id ON place"
        " WHEN OLD.state <> NEW.state OR OLD.occurrence_id <> NEW.occurrence_id"
        f" BEGIN {one_less} {one_more} END"
    )

    def chosen(row: str) -> str:
        return f"(SELECT question_id, option_id FROM chosen_option WHERE registration_id = {row}.registration_id)"

    def holds_another(row: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM place WHERE registration_id = {row}.registration_id"
            f" AND id <> {row}.id AND state IN {HELD})"
        )

    def more(rows: str) -> str:
        return (
            f"INSERT INTO option_count (question_id, option_id, number) {rows}"
            " ON CONFLICT (question_id, option_id) DO UPDATE SET number = number + 1;"
        )

    less = "UPDATE option_count SET number = number - 1 WHERE"
    all_more = more("SELECT question_id, option_id, 1 FROM chosen_option WHERE registration_id = NEW.registration_id")
    all_less = f"{less} (question_id, option_id) IN {chosen('OLD')};"
    for name, when, condition, action in (
        ("hold_insert", "INSERT", f"NEW.state IN {HELD} AND NOT {holds_another('NEW')}", all_more),
        ("hold_delete", "DELETE", f"OLD.state IN {HELD} AND NOT {holds_another('OLD')}", all_less),
        (
            "hold_again",
            "UPDATE OF state",
            f"OLD.state NOT IN {HELD} AND NEW.state IN {HELD} AND NOT {holds_another('NEW')}",
            all_more,
        ),
        (
            "hold_no_more",
            "UPDATE OF state",
            f"OLD.state IN {HELD} AND NEW.state NOT IN {HELD} AND NOT {holds_another('NEW')}",
            all_less,
        ),
    ):
        yield f"CREATE TRIGGER keep_{name} AFTER {when} ON place WHEN {condition} BEGIN {action} END"

    def holds(row: str) -> str:
        return f"EXISTS (SELECT 1 FROM place WHERE registration_id = {row}.registration_id AND state IN {HELD})"

    one_more = more(f"SELECT NEW.question_id, NEW.option_id, 1 WHERE {holds('NEW')}")
    one_less = f"{less} question_id = OLD.question_id AND option_id = OLD.option_id AND {holds('OLD')};"
    yield f"CREATE TRIGGER keep_option_insert AFTER INSERT ON chosen_option BEGIN {one_more} END"
    yield f"CREATE TRIGGER keep_option_delete AFTER DELETE ON chosen_option BEGIN {one_less} END"
    yield f"CREATE TRIGGER keep_option_update AFTER UPDATE ON chosen_option BEGIN {one_less} {one_more} END"

    yield from _stamps_on_sqlite()


def _stamps_on_sqlite() -> Iterator[str]:
    def draw(events: str) -> str:
        return f"UPDATE event_stamp SET number = {_random()} WHERE event_id IN ({events});"

    for table, events in SHOWN.items():
        for when, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            actions = " ".join(draw(events.format(row=row)) for row in rows)
            if (table, when) == ("event", "INSERT"):
                actions = f"INSERT INTO event_stamp (event_id, number) VALUES (NEW.id, {_random()});"
            yield f"CREATE TRIGGER keep_stamp_{table}_{when.lower()} AFTER {when} ON {table} BEGIN {actions} END"
    for table, (column, when, events) in HOLDS.items():
        yield (
            f"CREATE TRIGGER keep_stamp_{table} AFTER UPDATE OF {column} ON {table}"
            f" WHEN {when} AND OLD.{column} IS NOT NEW.{column} BEGIN {draw(events.format(row='NEW'))} END"
        )
    for when, before in (("INSERT", "0"), ("UPDATE OF number", "OLD.number")):
        suffix = when.partition(" ")[0].lower()
        yield (
            f"CREATE TRIGGER keep_stamp_place_count_{suffix} AFTER {when} ON place_count WHEN {_place_shown(before)}"
            f" BEGIN {draw('SELECT event_id FROM occurrence WHERE id = NEW.occurrence_id')} END"
        )
        limit = (
            "SELECT 1 FROM question, json_each(question.options) AS option WHERE question.id = NEW.question_id"
            " AND json_extract(option.value, '$.id') = NEW.option_id"
            f" AND json_extract(option.value, '$.limit') <= max(NEW.number, {before}) + {NEAR}"
        )
        yield (
            f"CREATE TRIGGER keep_stamp_option_count_{suffix} AFTER {when} ON option_count WHEN EXISTS ({limit})"
            f" BEGIN {draw('SELECT event_id FROM question WHERE id = NEW.question_id')} END"
        )


def _place_shown(before: str) -> str:
    """Whether pages may show the change of a count from ``before`` to ``NEW.number``: close to full, or who waits."""
    most = "max" if _sqlite() else "greatest"
    return (
        f"(NEW.state = 'waitlisted' AND (NEW.number = 0) <> ({before} = 0)) OR"
        " (NEW.state IN ('confirmed', 'unverified') AND EXISTS (SELECT 1 FROM occurrence"
        f" WHERE id = NEW.occurrence_id AND capacity <= {most}(NEW.number, {before}) + {NEAR}"
        " + coalesce((SELECT number FROM place_count WHERE occurrence_id = NEW.occurrence_id"
        " AND state IN ('confirmed', 'unverified') AND state <> NEW.state), 0)))"
    )


def _on_postgresql() -> Iterator[str]:
    """The counts change once for a statement, however many rows it has; a count of many versions would be slow."""
    before, after = "SELECT *, -1 AS change FROM before_it", "SELECT *, 1 AS change FROM after_it"
    rows = {"INSERT": after, "UPDATE": f"{before} UNION ALL {after}", "DELETE": before}

    def for_each(body: str) -> str:
        return " ".join(f"IF TG_OP = '{when}' THEN {body.replace('ROWS', rows[when])} END IF;" for when in rows)

    def counted(table: str, about: str, what: str, changes: str) -> str:
        """``changes`` selects (``about``_id, ``what``, change). Whatever is gone is not counted."""
        summed = f"SELECT {about}_id, {what}, sum(change) AS change FROM ({changes}) AS one GROUP BY 1, 2"
        return (
            f"INSERT INTO {table} ({about}_id, {what}, number) SELECT {about}_id, {what}, change"
            f" FROM ({summed}) AS whole WHERE change <> 0 AND EXISTS (SELECT 1 FROM {about} WHERE id = {about}_id)"
            f" ORDER BY 1, 2 ON CONFLICT ({about}_id, {what})"
            f" DO UPDATE SET number = {table}.number + excluded.number;"
        )

    places = counted("place_count", "occurrence", "state", "SELECT occurrence_id, state, change FROM (ROWS) AS row")
    held = f"state IN {HELD}"
    flips = (
        "SELECT question_id, option_id, (now_held::int - was_held::int) AS change FROM"
        f" (SELECT registration_id, bool_or(change = -1 AND {held}) OR others AS was_held,"
        f" bool_or(change = 1 AND {held}) OR others AS now_held FROM"
        " (SELECT row.*, EXISTS (SELECT 1 FROM place WHERE place.registration_id = row.registration_id"
        f" AND place.{held} AND place.id NOT IN (SELECT id FROM (ROWS) AS same)) AS others FROM (ROWS) AS row) AS known"
        " GROUP BY registration_id, others) AS person JOIN chosen_option USING (registration_id)"
    )
    options = (
        "SELECT question_id, option_id, change FROM (ROWS) AS row WHERE EXISTS"
        f" (SELECT 1 FROM place WHERE place.registration_id = row.registration_id AND place.{held})"
    )
    for name, body in (
        ("keep_places", for_each(places + counted("option_count", "question", "option_id", flips))),
        ("keep_options", for_each(counted("option_count", "question", "option_id", options))),
    ):
        yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    for table, function in (("place", "keep_places"), ("chosen_option", "keep_options")):
        for when in rows:
            seen = " ".join(
                [
                    "OLD TABLE AS before_it" if when != "INSERT" else "",
                    "NEW TABLE AS after_it" if when != "DELETE" else "",
                ]
            )
            yield (
                f"CREATE TRIGGER keep_{table}_{when.lower()} AFTER {when} ON {table} REFERENCING {seen}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
    yield from _stamps_on_postgresql()


def _stamps_on_postgresql() -> Iterator[str]:
    """One number for a transaction: nobody sees it before its end."""
    yield (
        "CREATE FUNCTION draw_stamp(shown bigint) RETURNS void LANGUAGE sql AS $$"
        f" UPDATE event_stamp SET number = {_random()} WHERE event_id = shown"
        f" AND xmin::text::bigint <> (txid_current() & {0xFFFFFFFF}) $$"
    )

    def draw(events: str) -> str:
        return f"PERFORM draw_stamp(shown.id) FROM ({events} ORDER BY 1) AS shown(id);"

    found = SHOWN | {table: events for table, (_column, _when, events) in HOLDS.items()}

    def row(old: bool) -> str:
        branches = [
            f"WHEN '{table}' THEN {draw(events.format(row='OLD' if old else 'NEW'))}" for table, events in found.items()
        ]
        return f"CASE TG_TABLE_NAME {' '.join(branches)} END CASE;"

    born = f"INSERT INTO event_stamp (event_id, number) VALUES (NEW.id, {_random()}); RETURN NULL;"
    limited = (
        "EXISTS (SELECT 1 FROM question, jsonb_array_elements(question.options) AS option"
        " WHERE question.id = NEW.question_id AND option ->> 'id' = NEW.option_id"
        f" AND (option ->> 'limit')::int <= greatest(NEW.number, past) + {NEAR})"
    )
    counted = {
        "place_count": (_place_shown("past"), "SELECT event_id FROM occurrence WHERE id = NEW.occurrence_id"),
        "option_count": (limited, "SELECT event_id FROM question WHERE id = NEW.question_id"),
    }
    near = " ".join(
        f"IF TG_TABLE_NAME = '{table}' THEN IF {shown} THEN {draw(events)} END IF; RETURN NULL; END IF;"
        for table, (shown, events) in counted.items()
    )
    yield (
        "CREATE FUNCTION keep_stamp() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE past integer := 0; BEGIN"
        f" IF TG_TABLE_NAME = 'event' AND TG_OP = 'INSERT' THEN {born} END IF;"
        " IF TG_TABLE_NAME IN ('place_count', 'option_count') THEN"
        f" IF TG_OP = 'UPDATE' THEN past := OLD.number; END IF; {near} END IF;"
        f" IF TG_OP <> 'INSERT' THEN {row(old=True)} END IF;"
        f" IF TG_OP <> 'DELETE' THEN {row(old=False)} END IF;"
        " RETURN NULL; END $$"
    )
    for table in SHOWN:
        yield (
            f"CREATE TRIGGER keep_stamp AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION keep_stamp()"
        )
    for table, (column, when, _events) in HOLDS.items():
        yield (
            f"CREATE TRIGGER keep_stamp AFTER UPDATE OF {column} ON {table} FOR EACH ROW"
            f" WHEN ({when} AND OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION keep_stamp()"
        )
    for table in counted:
        yield (
            f"CREATE TRIGGER keep_stamp AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_stamp()"
        )
