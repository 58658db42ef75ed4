import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings

from eventsapp.reading.record import read_bytes
from eventsapp.reading.values import Moment
from eventsapp.reading.writing import plain_record, write_record
from tests.reading.records import read, record
from tests.reading.strategies import records
from tests.reading.test_record import worked_example


@settings(max_examples=60)
@given(records())
def test_what_was_written_reads_back_the_same(record):
    text = write_record(record)
    again = read_bytes(text.encode(), "x.yaml")
    assert again == record
    assert write_record(again) == text


@settings(max_examples=25)
@given(records())
def test_other_yaml_readers_and_json_see_the_same_record(record):
    values = yaml.safe_load(write_record(record))
    assert values == yaml.safe_load(yaml.safe_dump(json.loads(json.dumps(plain_record(record)))))
    assert read(json.dumps(plain_record(record))) == record


def test_a_record_is_written_for_people():
    record = read(worked_example())
    assert write_record(replace(record, occurrences=record.occurrences[:1], letters={}, questions=())) == dedent(
        """\
        record: 1
        slug: public-forum
        status: published
        visibility: public
        organization:
          slug: example-league
          name: Example League (International)
          contact: forum@league.example
          privacy_url: https://league.example/privacy
        default_language: en
        contact: forum@league.example
        topics:
          - en: public forum
            es: foro público
          - en: community
            es: comunidad
        cities:
          - America/Los_Angeles
          - America/Mexico_City
          - Europe/Madrid
        languages:
          en:
            summary: Public online forum
            excerpt: An open conversation, held once in English and once in Spanish.
            description: |-
              Anyone may come, from anywhere: bring a question, a story or simply your **curiosity**.

              - Welcome
              - Three short talks
              - Open floor
          es:
            summary: Foro público en línea
            excerpt: Una conversación abierta, una vez en inglés y otra en español.
            description: |-
              Puede participar cualquier persona: traiga una pregunta, una historia o su **curiosidad**.

              - Bienvenida
              - Tres charlas breves
              - Micrófono abierto
        occurrences:
          - id: english
            start: 2027-06-12 16:00
            tzid: America/Los_Angeles
            duration: PT1H30M
            language: en
            registration: none
            conference:
              provider: zoom
              kind: meeting
              meeting_id: 858 3554 9492
              passcode: '191837'
              access: public
        registration:
          opens:
            at: 2027-05-01 09:00
            tzid: America/Los_Angeles
          choose: one
          approval: automatic
          waitlist: true
        reminders:
          - 1 day before start at 09:00
          - 1 hour before start
        follow_ups:
          - send: 1 day after end at 10:00
            to: came
            wait_for_recording: true
        """
    )


def test_questions_are_written_as_the_page_of_the_format_has_them():
    page = (Path(__file__).parents[2] / "docs" / "event-record.md").read_text(encoding="utf-8")
    asked = page.split("```yaml\n")[2].partition("```")[0]
    said = read(record(registration=yaml.load(asked, Loader=yaml.BaseLoader) | {"verify": "PT2H"}))  # noqa: S506
    assert dedent(write_record(said).partition("\nregistration:\n")[2]) == dedent(
        """\
          choose: one
          approval: automatic
          waitlist: false
          verify:
            within: PT2H
          questions:
            - id: meal
              type: yes_no
              required: false
              label:
                en: Will you eat with us?
            - id: diet
              type: single_choice
              required: true
              label:
                en: What do you eat?
              options:
                - id: all
                  label:
                    en: Everything
                - id: vegetarian
                  label:
                    en: Vegetarian food
                  limit: 20
                - id: other
                  label:
                    en: Something else
                  other: true
              only_if:
                - question: meal
                  is: 'yes'
            - id: allergies
              type: long_text
              required: false
              label:
                en: What must the kitchen know?
              only_if:
                - question: meal
                  is: 'yes'
                - question: diet
                  is:
                    - vegetarian
                    - other
        """
    )


def test_a_hard_break_stays_in_a_readable_block():
    words = read(worked_example()).languages["en"]
    record = read(worked_example())
    record = replace(record, languages={"en": replace(words, description="one  \ntwo"), "es": words})
    text = write_record(record)
    assert "description: |-\n      one  \n      two\n" in text
    assert read(text) == record


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_that_comes_twice_says_which(fold):
    record = read(worked_example())
    twice = Moment(datetime.fromisoformat("2027-11-07 01:30"), "America/Los_Angeles", fold)
    record = replace(record, occurrences=(replace(record.occurrences[0], start=twice),), closes=twice)
    assert write_record(record).count(f"fold: {fold}\n") == 2
    assert read(write_record(record)) == record
