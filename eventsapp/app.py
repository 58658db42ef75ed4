"""create_app: a list of named steps and nothing but wiring."""

from flask import Flask

from eventsapp.config import Settings, resource
from eventsapp.db import db, prepare_engine


def create_app(settings: Settings | None = None) -> Flask:
    """The web application. Without ``settings`` they are read from the environment (may raise BadSetting)."""
    settings = settings or Settings.from_environment()
    app = Flask(
        "eventsapp",
        template_folder=str(resource("templates")),
        instance_path=str(settings.instance_path),
    )
    for step in (configure, connect_database):
        step(app, settings)
    return app


def configure(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=400,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
    )


def connect_database(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
