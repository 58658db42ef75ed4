"""Collected with ``--torture`` alone (``make torture``)."""

from tests.chains.conftest import _environ, journey, settings, sink, stores

__all__ = ["_environ", "journey", "settings", "sink", "stores"]
