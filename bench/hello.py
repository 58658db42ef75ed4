"""The yardstick: a bare Flask page under the very server, and the settings of it, that eventsapp has."""

import sys

from flask import Flask

from eventsapp.serving import serve_web

app = Flask("hello")


@app.get("/")
def hello() -> str:
    return "hello"


if __name__ == "__main__":
    serve_web(app, bind=f"127.0.0.1:{int(sys.argv[1])}", workers=2, threads=4)
