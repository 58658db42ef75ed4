"""How many forms one network may send in an hour; 0 is no limit. Each process counts in memory and stores nothing."""

import ipaddress

from flask import Flask, current_app, request
from flask_limiter import Limiter

from eventsapp.config import Settings


def network() -> str:
    """The sender's network: an IPv4 address, or the /64 that one IPv6 household or host gets."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _most() -> int:
    settings: Settings = current_app.extensions["settings"]
    return settings.limit_per_network


limiter = Limiter(network, storage_uri="memory://", strategy="moving-window")
per_network = limiter.shared_limit(
    lambda: f"{_most() or 1} per hour", scope="forms", methods=["POST"], exempt_when=lambda: _most() == 0
)


def limit(app: Flask, _settings: Settings) -> None:
    """Count the posts of ``per_network`` views. Too many of them are answered with 429."""
    limiter.init_app(app)
