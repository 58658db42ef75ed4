"""What changed at a date, from → to, in its reader's words. Compares nothing: a slot brings what its reader knew."""

from dataclasses import dataclass

from eventsapp.domain.wording import reader_words
from eventsapp.mail.letters import Letter, Passage, Slot
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext

TIME, PLACE, NAME, SEVERAL, PUT_BACK = "time", "place", "name", "several", "put_back"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise than its reader was told."""

    label: str
    before: Passage
    now: Passage


def changes_of(slot: Slot, letter: Letter, tag: str) -> tuple[Change, ...]:
    """In the order in which a reader wants to know; empty for a date that did not change."""
    was, found = slot.was, []
    if was is None:
        return ()
    if was.times is not None:
        starts_at, ends_at, tzid = was.times
        before = reader_words(starts_at, ends_at, letter.tzid, tzid, tag)
        now = reader_words(slot.starts_at, slot.ends_at, letter.tzid, slot.tzid, tag)
        same = before.zone == now.zone  # then it is said once, beside the time of the date itself
        old, new = (before.when, now.when) if same else (before.whole, now.whole)
        found.append(Change(_("Time"), Passage(old, ""), Passage(new, "")))
    if was.location is not None:
        before_at, now_at = _where(was.location, online=was.online), _where(slot.location, online=slot.online)
        found.append(Change(_("Place"), before_at, now_at))
    if was.summary is not None:
        found.append(Change(pgettext("event", "Name"), was.summary, letter.summary))
    return tuple(found)


def news_of(letter: Letter) -> str:
    """What a letter about a change is about in one word, for its subject; empty for other letters."""
    changed = [slot.was for slot in letter.about if slot.was is not None]
    if not changed:
        return ""
    if all(was.cancelled for was in changed):
        return PUT_BACK
    kinds = {TIME for was in changed if was.times} | {PLACE for was in changed if was.location}
    kinds |= {NAME for was in changed if was.summary} | {PUT_BACK for was in changed if was.cancelled}
    if kinds == {NAME} or (len(kinds) == 1 and len(letter.about) == 1):
        return kinds.pop()
    return SEVERAL


def _where(location: Passage, *, online: bool) -> Passage:
    if not location.text:
        return Passage(_("Online"), "")
    return Passage(_("%(place)s, and online", place=location.text), location.tag) if online else location
