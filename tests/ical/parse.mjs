// Reads one calendar file a line (as a JSON string) from stdin and prints a line with what ical.js makes of it.
import { createInterface } from "node:readline";
import ICAL from "ical.js";

const text = (component, name) => component.getFirstPropertyValue(name) ?? "";
const party = (property) => property && [property.getFirstValue(), property.getParameter("cn") ?? ""];

function event(component) {
  const { startDate, endDate } = new ICAL.Event(component);
  return {
    uid: text(component, "uid"),
    sequence: text(component, "sequence"),
    starts: startDate.toUnixTime(),
    ends: endDate.toUnixTime(),
    floating: startDate.zone === ICAL.Timezone.localTimezone || endDate.zone === ICAL.Timezone.localTimezone,
    summary: text(component, "summary"),
    description: text(component, "description"),
    location: text(component, "location"),
    url: text(component, "url"),
    status: text(component, "status"),
    categories: component.getFirstProperty("categories")?.getValues() ?? [],
    organizer: party(component.getFirstProperty("organizer")),
    attendee: party(component.getFirstProperty("attendee")),
  };
}

function read(file) {
  const calendar = new ICAL.Component(ICAL.parse(file));
  return {
    method: text(calendar, "method"),
    zones: calendar.getAllSubcomponents("vtimezone").map((zone) => text(zone, "tzid")),
    events: calendar.getAllSubcomponents("vevent").map(event),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  let seen;
  try {
    seen = read(JSON.parse(line));
  } catch (error) {
    seen = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(seen) + "\n");
}
