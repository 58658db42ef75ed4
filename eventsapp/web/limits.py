"""How many forms one network may send in an hour; 0 is no limit. What is counted tells nobody the network's address."""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, request
from limits import RateLimitItemPerHour

from eventsapp.config import Settings
from eventsapp.rates import Rates

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def limit(app: Flask, settings: Settings) -> None:
    """Count the posts of ``per_network`` views. Too many of them are answered with 429."""
    app.extensions["rates"] = Rates(settings.redis_url)


def per_network(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """All views share one count, so that nobody gets more by sending another form."""

    @wraps(view)
    def limited(*arguments: Asked.args, **named: Asked.kwargs) -> Answer:
        if request.method == "POST" and not _within_limit():
            abort(429)
        return view(*arguments, **named)

    return limited


def _within_limit() -> bool:
    settings: Settings = current_app.extensions["settings"]
    rates: Rates = current_app.extensions["rates"]
    if not (most := settings.limit_per_network):
        return True
    who = hmac.digest(settings.link_key.encode(), network().encode(), hashlib.sha256).hex()[:32]
    return rates.take(RateLimitItemPerHour(most), "forms", who)


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
