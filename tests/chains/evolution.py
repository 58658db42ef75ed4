"""Runs under the system's own Python, which knows GObject: Evolution's calendar store behind a pipe.

Reads lines of JSON, each a list of calendar objects in the order of their letters; answers a line with what the
calendar holds after each of them. Imports nothing of ours.
"""

import json
import sys
from typing import Any

import gi

for library, version in (("ECal", "2.0"), ("EDataServer", "1.2"), ("ICalGLib", "3.0")):
    gi.require_version(library, version)
from gi.repository import ECal, EDataServer, ICalGLib  # noqa: E402

EVERYTHING = "#t"
DO_NOT_WAIT = 0xFFFFFFFF  # for a calendar to be "connected"; 0 would be for ever, and one on this machine never is


def calendar() -> Any:
    registry = EDataServer.SourceRegistry.new_sync(None)
    return ECal.Client.connect_sync(registry.ref_builtin_calendar(), ECal.ClientSourceType.EVENTS, DO_NOT_WAIT, None)


def held(client: Any) -> list[dict[str, Any]]:
    _done, found = client.get_object_list_sync(EVERYTHING, None)
    return [seen(client, component) for component in found]


def seen(client: Any, component: Any) -> dict[str, Any]:
    def instant(name: str) -> int:
        with_zone = ECal.Component.new_from_icalcomponent(component.clone())
        moment = getattr(with_zone, f"get_{name}")()
        value, tzid = moment.get_value(), moment.get_tzid()
        zone = client.get_timezone_sync(tzid, None)[1] if tzid else ICalGLib.Timezone.get_utc_timezone()
        return int(value.as_timet_with_zone(zone))

    return {
        "uid": component.get_uid(),
        "sequence": component.get_sequence(),
        "starts": instant("dtstart"),
        "ends": instant("dtend"),
        "summary": component.get_summary() or "",
        "location": component.get_location() or "",
        "status": ICalGLib.Property.new_status(component.get_status()).get_value_as_string(),
    }


def replay(client: Any, objects: list[str]) -> list[dict[str, Any]]:
    for entry in held(client):
        client.remove_object_sync(entry["uid"], None, ECal.ObjModType.ALL, 0, None)
    told = []
    for text in objects:
        component = ICalGLib.Component.new_from_string(text)
        client.receive_objects_sync(component, 0, None)
        told.append({"done": component.get_method().value_nick, "held": held(client)})
    return told


def main() -> None:
    client = calendar()
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"told": replay(client, json.loads(line))}
        except Exception as error:  # noqa: BLE001  the test says it
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
