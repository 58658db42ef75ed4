"""What organizers leave to the worker, the trail of what they did, and who works."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models.account import User
from eventsapp.models.base import Base, Json, one_of
from eventsapp.models.event import Event
from eventsapp.models.organization import Organization
from eventsapp.models.registration import Registration

_WAITING = text("state IN ('queued', 'running')")


class Job(Base):
    """Long work for one organizer. What is done is committed in steps, so that a killed worker loses one at most.

    ``asked`` is what was wished for, as the kind understands it; ``failures`` are sentences with the row they are
    about: [{"row": 12, "column": "email", "message": msgid, "values": {}}].
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("done >= 0 AND failed >= 0", name="counts_not_negative"),
        Index("ix_job_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_job_expires_at", "expires_at"),
    )

    public_id: Mapped[str] = mapped_column(unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    kind: Mapped[JobKind] = mapped_column(one_of(JobKind, "kind"))
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[JobState] = mapped_column(one_of(JobState, "state"), default=JobState.QUEUED)
    total: Mapped[int | None]  # None: not known yet
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    failures: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # the first hundred
    cancel_at: Mapped[datetime | None]  # somebody asked to end it
    lease: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]  # then the worker deletes it with its files

    organization: Mapped[Organization] = relationship()
    event: Mapped[Event | None] = relationship()
    user: Mapped[User | None] = relationship()
    files: Mapped[list["JobFile"]] = relationship(
        back_populates="job", cascade="all, delete-orphan", order_by="JobFile.id"
    )


class JobFile(Base):
    """What a job was given or has made, in parts: in the database, so that any machine's worker has it."""

    __tablename__ = "job_file"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    mimetype: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)

    job: Mapped[Job] = relationship(back_populates="files")


class Heartbeat(Base):
    """A worker lives, or did when it last said so; one that ends in good order takes its row with it."""

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(unique=True)  # a run of one process; any text
    version: Mapped[str] = mapped_column(default="", server_default=text("''"))  # "": one that did not say it
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what, and from what to what. It holds no person's address, name or answers.

    ``changes`` goes by the key of the record: {"occurrences.english.start": ["2026-06-13 16:00", "2026-06-13 17:00"]}.
    ``user_id`` None: the command line, the worker, or an account that is gone.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_organization_id_at", "organization_id", "at"),
        Index("ix_audit_entry_event_id_at", "event_id", "at"),
        Index("ix_audit_entry_registration_id_at", "registration_id", "at"),
    )

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="SET NULL"))
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    action: Mapped[str]  # a word of actions.audit
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    user: Mapped[User | None] = relationship()
    event: Mapped[Event | None] = relationship()
    registration: Mapped[Registration | None] = relationship()
