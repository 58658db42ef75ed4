"""What lies in deploy/: units, proxies, Redis, Prometheus. It names what there is, and does what the docs say."""

import configparser
import contextlib
import http.client
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from eventsapp.app import create_app
from eventsapp.cli import parser
from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.domain.vocabulary import Priority
from eventsapp.metrics import CONTENT_TYPE
from eventsapp.migration import fits
from eventsapp.queries.operation import facts
from eventsapp.rates import Rates
from tests.missing import missing
from tests.processes import free_port, running, wait_for
from tests.redis_server import redis_server
from tests.test_many_processes import AHEAD

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = ["eventsapp-web.service", "eventsapp-worker.service"]
HOST = "events.example.org"
PROXIES = ["nginx", "caddy"]


# --- names ------------------------------------------------------------------------------------------------------------


def test_every_file_is_named_in_the_docs_and_names_only_settings_there_are():
    known = {f"EVENTSAPP_{field.name.upper()}" for field in fields(Settings)}
    docs = (DEPLOY.parent / "docs/operations.md").read_text()
    for path in DEPLOY.iterdir():
        assert set(re.findall(r"EVENTSAPP_\w+", path.read_text())) <= known
        assert f"deploy/{path.name}" in docs


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_there_is(name, tmp_path):
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / name)
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program == "/srv/eventsapp/venv/bin/eventsapp"
    parser().parse_args(arguments)
    instance = unit["Service"]["Environment"].partition("=")[2]
    assert unit["Service"]["ReadWritePaths"] == instance
    if shutil.which("systemd-analyze") is None:
        missing("SYSTEMD", "systemd-analyze is not here (Debian, Ubuntu: sudo apt install systemd)")
    copy = tmp_path / name
    copy.write_text((DEPLOY / name).read_text().replace(program, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False, timeout=60
    )
    about_ours = [line for line in done.stderr.splitlines() if "eventsapp" in line]
    assert about_ours == []
    rated = ["systemd-analyze", "security", "--offline=true", "--threshold=20", copy]
    done = subprocess.run(rated, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_redis_takes_its_file(tmp_path):
    if shutil.which("redis-server") is None:
        missing("REDIS", "redis-server is not here (Debian, Ubuntu: sudo apt install redis-server)")
    port = free_port()
    command = ["redis-server", DEPLOY / "redis.conf", "--port", str(port), "--dir", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            rates = Rates(f"redis://127.0.0.1:{port}/0")
            wait_for(rates.answers)
        finally:
            process.terminate()
    assert list(tmp_path.iterdir()) == []  # nothing is written, also at its end


def test_alerts_ask_for_numbers_that_there_are(settings, app, tmp_path):
    groups = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())["groups"]
    asked = " ".join(rule["expr"] for group in groups for rule in group["rules"])
    with redis_server(tmp_path) as server:
        told = facts(db.session(), fits=fits, rates=Rates(server.url), now=datetime.now(UTC))
    counted = re.findall(r'"(eventsapp_\w+)"', (DEPLOY.parent / "eventsapp/metrics.py").read_text())
    known = {fact.name for fact in told} | set(counted)
    named = set(re.findall(r"eventsapp_\w+", asked))
    assert {re.sub(r"_(total|count|bucket)$", "", name) for name in named} <= known
    assert set(re.findall(r'priority="(\w+)"', asked)) <= {one.name.lower() for one in Priority}
    scrape = yaml.safe_load((DEPLOY / "prometheus-scrape.yml").read_text())["scrape_configs"]
    assert [one.get("metrics_path", "/metrics") for one in scrape] == ["/metrics"] * 2
    assert CONTENT_TYPE.startswith("text/plain")


def test_no_secret_address_is_logged_by_nginx(settings):
    """Every address of ours that holds a secret, as the web server knows them."""
    [*patterns] = re.findall(r'"~(\^/.*)" 0;', (DEPLOY / "nginx.conf").read_text())
    secret = {"token", "receipt"}
    rules = [rule.rule for rule in create_app(settings).url_map.iter_rules() if secret & rule.arguments]
    assert len(rules) > 40
    shown = [re.sub(r"<tag:tag>", "pt-BR", rule) for rule in rules]
    shown = [re.sub(r"<any.*?>", "reminders", rule) for rule in shown]
    shown = [re.sub(r"<\w+>", "abc.DEF", rule) for rule in shown]
    assert [path for path in shown if not any(re.search(one, path) for one in patterns)] == []
    assert not any(re.search(one, path) for one in patterns for path in ("/", "/events/join", "/es/events/manage"))


# --- proxies in front of a real server --------------------------------------------------------------------------------


class Connection(http.client.HTTPSConnection):
    """To this machine, whatever name the certificate has."""

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 60)
        self.sock = self._context.wrap_socket(plain, server_hostname=HOST)


@dataclass
class Proxy:
    port: int
    plain: int
    folder: Path

    def connect(self) -> Connection:
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        return Connection(HOST, self.port, timeout=60, context=context)

    def ask(self, method, path, body=None, connection=None, **headers):
        """Status, headers and body; over a connection of its own where none is given."""
        asked = connection or self.connect()
        headers = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            body, headers["Content-Type"] = urlencode(body), "application/x-www-form-urlencoded"
        try:
            asked.request(method, path, body, headers)
            answer = asked.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            if connection is None:
                asked.close()


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    begun = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), begun, begun + timedelta(days=3)
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def nginx_command(folder: Path, upstream: int, port: int, plain: int) -> list[str]:
    site = (DEPLOY / "nginx.conf").read_text()
    for said, here in {
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(folder / "cert.pem"),
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(folder / "key.pem"),
        "/var/log/nginx/eventsapp.log": str(folder / "access.log"),
    }.items():
        assert said in site
        site = site.replace(said, here)
    (folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root; " if os.getuid() == 0 else ""  # or its workers could not write into the test's folder
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ {temporary} access_log off; include {folder}/site.conf; }}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


def caddy_command(folder: Path, upstream: int, port: int, plain: int) -> list[str]:
    site = (DEPLOY / "Caddyfile").read_text()
    for said, here in {
        f"\n{HOST} {{\n": f"\n{HOST} {{\n\tbind 127.0.0.1\n\ttls {folder}/cert.pem {folder}/key.pem\n",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
    }.items():
        assert said in site
        site = site.replace(said, here)
    options = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {port}\n}}\n"
    (folder / "Caddyfile").write_text(options + site)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


@contextlib.contextmanager
def proxy(name: str, folder: Path, upstream: int) -> Iterator[Proxy]:
    if shutil.which(name) is None:
        missing(name.upper(), f"{name} is not here (Debian, Ubuntu: sudo apt install {name})")
    folder.mkdir()
    folder.chmod(0o755)
    certificate(folder)
    made = Proxy(free_port(), free_port(), folder)
    said = folder / "said.log"
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with said.open("wb") as log:
        command = COMMANDS[name](folder, upstream, made.port, made.plain)
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", made.port), 1):
                break
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield made
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def database(_sqlite_url):
    return _sqlite_url


MULTIPART = "multipart/form-data; boundary=xx"


def file_of(megabytes: int) -> bytes:
    head = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    return head + b"x" * (megabytes * 1024 * 1024) + b"\r\n--xx--\r\n"


def leads_to_https(front: Proxy) -> None:
    plain = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=60)
    plain.request("GET", "/events/forum?x=1", headers={"Host": HOST})
    answer = plain.getresponse()
    assert answer.status == 308
    assert re.fullmatch(rf"https://{HOST}(:\d+)?/events/forum\?x=1", answer.headers["Location"])
    plain.close()


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_in_front_of_a_real_server(name, app, make, settings, tmp_path):
    make.event(occurrences=[AHEAD])
    db.session.remove()
    db.engine.dispose()
    ran = replace(
        settings, mail_url="console:", trusted_proxies=1, limit_per_network=3, metrics_token="a-token-for-tests-alone"
    )
    with (
        running(ran, ("serve", "--no-worker", "--workers", "1")) as [site],
        proxy(name, tmp_path / "proxy", site.port) as front,
    ):
        leads_to_https(front)
        connection = front.connect()  # one connection for several requests
        status, headers, page = front.ask("GET", "/events/forum", connection=connection)
        assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        assert b"http://" + HOST.encode() not in page
        [style, *_] = re.findall(rb'href="(/[^"]+\.css)"', page)
        kept = connection.sock
        status, headers, _ = front.ask("GET", style.decode(), connection=connection)
        assert status == 200
        assert "immutable" in headers["Cache-Control"]
        assert connection.sock is kept
        again = front.ask("GET", "/events/forum", connection=connection, If_None_Match=headers["ETag"] or "")
        assert again[0] == 200
        assert connection.sock is kept

        connection.close()
        for path in ("/healthz", "/readyz", "/metrics"):
            assert front.ask("GET", path, Authorization="Bearer a-token-for-tests-alone")[0] == 404

        post = "/events/forum/registrations"

        def form(number):
            return {"name": "Ana", "email": f"ana{number}@example.org", "occurrences": "later"}

        foreign = front.ask("POST", post, form(0), Origin="https://elsewhere.example")
        assert foreign[0] == 403
        taken = front.ask("POST", post, form(1), Origin=f"https://{HOST}")
        assert taken[0] == 303
        receipt = taken[1]["Location"]
        assert receipt.startswith("/registrations/")
        assert front.ask("GET", receipt)[0] == 200
        # Whatever a visitor says of their own address: the limit counts them all as the one they are.
        spoofed = [
            front.ask("POST", post, form(number), Origin=f"https://{HOST}", X_Forwarded_For=f"192.0.2.{number}")[0]
            for number in (2, 3, 4)
        ]
        assert spoofed == [303, 303, 429]
        assert front.ask("GET", "/", X_Forwarded_Host="elsewhere.example", X_Forwarded_Proto="http")[0] == 200

        upload = "/organizer/o/example-league/events/forum/registrations/import"
        status, headers, _ = front.ask("POST", upload, file_of(8), Origin=f"https://{HOST}", Content_Type=MULTIPART)
        assert (status, "X-Request-ID" in headers) == (401, True)  # all of it came to us
        with contextlib.suppress(OSError):  # a proxy may hang up before it has all of it
            status, headers, _ = front.ask("POST", upload, file_of(11), Content_Type=MULTIPART)
            assert status == 413
            assert (
                name == "caddy" or "X-Request-ID" not in headers
            )  # Caddy counts what passes: we may be the first to refuse
        assert front.ask("GET", "/", X_Request_ID="chosen-by-a-visitor")[1]["X-Request-ID"] != "chosen-by-a-visitor"
        assert site.end() == 0
        assert front.ask("GET", "/events/forum")[0] == 502
    if name == "nginx":
        log = (tmp_path / "proxy/access.log").read_text()
        assert "GET /events/forum" in log
        assert receipt.rpartition("/")[2] not in log
