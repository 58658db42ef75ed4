"""create_app: a list of named steps and nothing but wiring."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from eventsapp.config import Settings, resource
from eventsapp.db import count_connections, db, engine_options, let_go, prepare_engine
from eventsapp.web.assets import assets
from eventsapp.web.caching import shelve
from eventsapp.web.errors import explain
from eventsapp.web.headers import guard
from eventsapp.web.health import health
from eventsapp.web.join import join
from eventsapp.web.journal import keep_journal
from eventsapp.web.language import speak
from eventsapp.web.limits import limit
from eventsapp.web.lost_link import lost_link
from eventsapp.web.mailbox import mailbox
from eventsapp.web.manage import manage
from eventsapp.web.organizer import organizer
from eventsapp.web.organizer.checkin import ticket
from eventsapp.web.organizer.pages import furnish
from eventsapp.web.organizer.sign_in_pages import security
from eventsapp.web.organizer.signing_in import sign_in
from eventsapp.web.own_data import own_data
from eventsapp.web.pages import dress
from eventsapp.web.poster import poster
from eventsapp.web.public import public
from eventsapp.web.registrations import registrations
from eventsapp.web.share import share
from eventsapp.web.short_links import short_links
from eventsapp.web.unsubscribe import unsubscribe
from eventsapp.web.verify import verify
from eventsapp.web.zones import zones


class Application(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view and no step of ours is a coroutine; Flask would look at each of them with every request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Without ``settings`` they are read from the environment (may raise BadSetting)."""
    settings = settings or Settings.from_environment()
    app = Application(
        "eventsapp",
        template_folder=str(resource("templates")),
        static_folder=None,  # web.assets serves them, each under the hash of its bytes
        instance_path=str(settings.instance_path),
    )
    for step in STEPS:
        step(app, settings)
    return app


def configure(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings
    app.url_map.merge_slashes = False  # a doubled slash is a wrong address, and never a redirect
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=400,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )


def connect_database(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    app.teardown_appcontext(let_go)
    with app.app_context():
        prepare_engine(db.engine)
        if settings.metrics_token or settings.metrics_bind:
            count_connections(db.engine)


def believe_proxies(app: Flask, settings: Settings) -> None:
    """Take the visitor's address, scheme and host from as many proxies as the settings name, and from no other."""
    if count := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=0, x_prefix=0
        )


def open_doors(app: Flask, settings: Settings) -> None:
    personal = (registrations, verify, join, manage, own_data, lost_link, unsubscribe)
    doors = (health, assets, public, poster, share, short_links, *personal, zones, security, organizer, ticket)
    for door in doors:
        app.register_blueprint(door)
    if settings.mailbox:
        app.register_blueprint(mailbox)


STEPS = (
    configure,
    connect_database,
    believe_proxies,
    keep_journal,
    speak,
    guard,
    limit,
    shelve,
    dress,
    furnish,
    explain,
    sign_in,
    open_doors,
)
