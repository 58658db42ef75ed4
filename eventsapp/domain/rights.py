"""Who may do what in an organization: each role's rights. The doors ask here and nowhere else."""

from enum import StrEnum

from eventsapp.domain.vocabulary import Role


class Right(StrEnum):
    """SEE: events, who comes, the numbers, letters; CHECK_IN: note who has come; RUN: everything about an event;
    CREATE: new events; EXPORT: take people's data along; OWN: team, organization, retention, audit trail."""

    SEE = "see"
    CHECK_IN = "check_in"
    RUN = "run"
    CREATE = "create"
    EXPORT = "export"
    OWN = "own"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.OWN},
    Role.ASSISTANT: frozenset({Right.SEE, Right.CHECK_IN}),
}


def allows(role: Role, right: Right, *, limited: bool = False) -> bool:
    """Whether a member may; ``limited`` to single events, nobody makes new ones."""
    return right in RIGHTS[role] and not (limited and right is Right.CREATE)
