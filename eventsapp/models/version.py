"""Which programs can work over this database besides the one that its schema was made for."""

from sqlalchemy.orm import Mapped, mapped_column

from eventsapp.models.base import Base


class CompatibleVersion(Base):
    """The program of an earlier schema version that goes on over this schema. Written by migrations (``migration``)."""

    __tablename__ = "compatible_version"

    version: Mapped[str] = mapped_column(unique=True)
