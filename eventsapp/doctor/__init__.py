"""`eventsapp doctor`: looks at what has to be right around the program and says what to do. Changes nothing."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError

from eventsapp import migration
from eventsapp.app import create_app
from eventsapp.config import PREFIX, BadSetting, Settings, bind_host, is_loopback
from eventsapp.db import db
from eventsapp.doctor.dns import examine_dns
from eventsapp.doctor.finding import Finding
from eventsapp.doctor.sending import letters, returned, workers
from eventsapp.domain import timezones
from eventsapp.drawing.fonts import can_shape
from eventsapp.drawing.poster import can_draw
from eventsapp.mail.outcome import Verdict, reply_words
from eventsapp.mail.smtp import SmtpTransport
from eventsapp.mail.transport import transport_from
from eventsapp.models import Event, Occurrence
from eventsapp.queries.kept import wrong_counts
from eventsapp.queries.posters import poster_of
from eventsapp.queries.record import record_of
from eventsapp.rates import Rates
from eventsapp.reading.completeness import missing_translations
from eventsapp.translations import INTERFACE_LANGUAGES, catalog

INTERNAL = frozenset({"EVENTSAPP_SUPERVISOR", "EVENTSAPP_READY"})


def examine(environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Everything there is to say, in the order in which one would put it right."""
    environ = os.environ if environ is None else environ
    try:
        settings = Settings.from_environment(environ)
    except BadSetting as error:
        return [Finding("settings", False, "a value cannot be used", str(error))]
    findings = [settings_known(environ), keys(settings), base_url(settings), zone_data(), catalogs(), mail(settings)]
    if urlsplit(settings.mail_url).scheme in ("smtp", "smtps"):
        findings += examine_dns(settings)
    found = database(settings)
    findings += [*found, limits(settings)]
    if all(finding.ok for finding in found):
        with create_app(settings).app_context():
            now = datetime.now(UTC)
            findings += [
                counts(),
                workers(now),
                letters(now),
                returned(now),
                *translations(now),
                posters(now, settings),
            ]
            db.session.remove()
            db.engine.dispose()
    return findings


def settings_known(environ: Mapping[str, str]) -> Finding:
    known = {PREFIX + field.name.upper() for field in fields(Settings)} | INTERNAL
    odd = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if not odd:
        return Finding("settings", True, "every value can be used")
    return Finding("settings", False, f"{', '.join(odd)} is no setting", "Correct its name (docs/operations.md).")


def keys(settings: Settings) -> Finding:
    if settings.secret_key == settings.link_key:
        remedy = "Give EVENTSAPP_SECRET_KEY a value of its own, made with `openssl rand -hex 32`; leave the link key."
        return Finding("keys", False, "the secret key and the link key are the same", remedy)
    files = [settings.instance_path / name for name in ("secret_key", "link_key")]
    open_files = [str(path) for path in files if path.exists() and path.stat().st_mode & 0o077]
    if open_files:
        return Finding("keys", False, "other users can read them", f"Run `chmod 600 {' '.join(open_files)}`.")
    return Finding("keys", True, "long enough, apart, and private")


def base_url(settings: Settings) -> Finding:
    local, private = is_loopback(settings.host), is_loopback(bind_host(settings.bind))
    remedy = "Set EVENTSAPP_BASE_URL to the address that people open, for example https://events.example.org."
    if local and private and not settings.trusted_proxies:
        return Finding("base URL", True, f"{settings.base_url}, for this machine alone")
    if local:
        return Finding("base URL", False, f"{settings.base_url} leads nobody else here", remedy)
    if not settings.secure:
        return Finding("base URL", False, f"{settings.base_url} is not https", f"{remedy} A proxy in front gives TLS.")
    return Finding("base URL", True, settings.base_url)


def zone_data() -> Finding:
    listed, computed = timezones.data_release()
    if listed == computed:
        return Finding("time zones", True, f"release {listed}")
    remedy = "Install pytz and tzdata of the same release, then run `eventsapp zones recompute`."
    return Finding("time zones", False, f"pytz has {listed} and tzdata {computed}", remedy)


def catalogs() -> Finding:
    try:
        for language in INTERFACE_LANGUAGES:
            catalog(language)
    except OSError as error:
        remedy = "Install eventsapp again; in a checkout run `make translations`."
        return Finding("interface", False, f"a compiled catalog is missing ({error})", remedy)
    return Finding("interface", True, f"speaks {', '.join(INTERFACE_LANGUAGES)}")


def mail(settings: Settings) -> Finding:
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        return _folder(Path(unquote(parts.path)))
    if parts.scheme not in ("smtp", "smtps"):
        return Finding("mail", True, "letters are printed, not sent")
    if settings.mail_domain.endswith((".localdomain", ".invalid", ".example")):
        remedy = "Set EVENTSAPP_MAIL_FROM to an address on your own domain; receivers refuse this one."
        return Finding("mail", False, f"letters come from {settings.mail_from}", remedy)
    transport = transport_from(settings.mail_url, helo=settings.host)
    assert isinstance(transport, SmtpTransport)  # noqa: S101
    outcome = transport.check()
    transport.close()
    if outcome.verdict is Verdict.ACCEPTED:
        return Finding("mail", True, f"{parts.hostname} answers; letters come from {settings.mail_from}")
    said = reply_words(outcome.code, outcome.words)
    remedy = "Check EVENTSAPP_MAIL_URL: host, port, user, password, starttls=1."
    return Finding("mail", False, f"{parts.hostname} does not take letters: {said}", remedy)


def _folder(folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        remedy = "Give this user the right to write there, or name a mail server in EVENTSAPP_MAIL_URL."
        return Finding("mail", False, f"nothing can be written to {folder} ({error.strerror})", remedy)
    return Finding("mail", True, f"letters are not sent, but written to {folder}")


def database(settings: Settings) -> list[Finding]:
    """Reachable, and at this program's version."""
    name = "SQLite" if settings.database_url.startswith("sqlite:") else "PostgreSQL"
    try:
        standing = migration.standing(settings.database_url)
    except DBAPIError as error:
        cause = str(error.orig).strip().partition("\n")[0]
        return [Finding("database", False, f"{name} cannot be reached: {cause}", "Check EVENTSAPP_DATABASE_URL.")]
    return [
        Finding("database", True, f"{name} answers"),
        Finding("migrations", standing.fits, standing.words, standing.remedy),
    ]


def limits(settings: Settings) -> Finding:
    """Whether what processes limit is counted together."""
    if not settings.redis_url:
        return Finding("limits", True, "each web server process counts for itself (EVENTSAPP_REDIS_URL names none)")
    if Rates(settings.redis_url).answers():
        return Finding("limits", True, "shared through Redis")
    remedy = "Start Redis or check EVENTSAPP_REDIS_URL; meanwhile limits hold in each process by itself."
    return Finding("limits", False, "Redis does not answer", remedy)


def counts() -> Finding:
    """Whether what the database counts by itself is what is there."""
    wrong = wrong_counts(db.session())
    if not wrong:
        return Finding("counts", True, "of places and options are what is there")
    remedy = "Run `eventsapp db recount`; if this comes back, triggers are missing: restore a whole backup."
    return Finding("counts", False, f"{len(wrong)} are wrong, for example {wrong[0]}", remedy)


def translations(now: datetime) -> list[Finding]:
    """One finding for each event, not over yet, that says something in one of its languages and not in another."""
    events = _coming(now)
    lacking = [(event.slug, missing) for event in events if (missing := missing_translations(record_of(event)))]
    remedy = "Add it to the event's record and import that; until then readers see another language there."
    return [
        Finding(f"event {slug}", False, f"{len(missing)} texts lack a translation. {' '.join(missing)}", remedy)
        for slug, missing in lacking
    ] or [Finding("events", True, f"{len(events)} to come, none lacks a translation")]


def posters(now: datetime, settings: Settings) -> Finding:
    """Whether this machine has the fonts for the pictures that are shown where events are shared."""
    made = [
        (event.slug, poster_of(event, words.language_tag, now=now, settings=settings))
        for event in _coming(now)
        for words in event.variants
    ]
    blank = [
        f"{slug} ({poster.tag})"
        for slug, poster in made
        if not all(can_draw(text, poster.tag) for text in (poster.title, poster.day) if text)
    ]
    if not blank:
        return Finding("share pictures", True, f"{len(made)} of events to come, and fonts for all of them")
    packages = "fonts-noto-core fonts-noto-cjk" if can_shape() else "libfribidi0 fonts-noto-core fonts-noto-cjk"
    remedy = f"Debian, Ubuntu: `apt install {packages}`; then start eventsapp again."
    return Finding("share pictures", False, f"without the words of {', '.join(blank)}: no font here has them", remedy)


def _coming(now: datetime) -> list[Event]:
    """Events that are not over yet, drafts among them."""
    coming = or_(~Event.occurrences.any(), Event.occurrences.any(Occurrence.ends_at > now))
    return list(db.session.scalars(select(Event).where(coming).order_by(Event.slug)))
