"""The outbox: letters are written here by the transaction that causes them, and claimed, sent and recorded from here.

Nothing in this room sends or renders.
"""

from eventsapp.actions.outbox.sending import (
    LEASE,
    Waiting,
    anything_due,
    claim,
    hold,
    pause_before,
    put_back,
    record_failed,
    record_retry,
    record_sent,
    record_superseded,
    record_suppressed,
    record_uncertain,
    record_waiting,
    release,
    waiting,
)
from eventsapp.actions.outbox.writing import (
    Earlier,
    earlier_letters,
    enqueue,
    enqueue_for_staff,
    new_columns,
    retry,
    retry_all,
    supersede,
)

__all__ = [
    "LEASE",
    "Earlier",
    "Waiting",
    "anything_due",
    "claim",
    "earlier_letters",
    "enqueue",
    "enqueue_for_staff",
    "hold",
    "new_columns",
    "pause_before",
    "put_back",
    "record_failed",
    "record_retry",
    "record_sent",
    "record_superseded",
    "record_suppressed",
    "record_uncertain",
    "record_waiting",
    "release",
    "retry",
    "retry_all",
    "supersede",
    "waiting",
]
