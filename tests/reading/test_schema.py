import json

import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from eventsapp.domain.vocabulary import QuestionType
from eventsapp.reading.schema import json_schema
from eventsapp.reading.writing import write_record
from tests.reading.records import occurrence, record
from tests.reading.strategies import records
from tests.reading.test_record import worked_example


def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def test_it_is_json_schema_of_its_own():
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "components" not in text
    assert {part for part in text.split('"') if part.startswith("#/")} == {
        f"#/$defs/{name}" for name in schema["$defs"]
    }


def test_every_key_says_what_it_is_for():
    schema = json_schema()
    parts = {"": schema, **schema["$defs"]}
    for part in parts.values():
        assert [key for key, about in part["properties"].items() if "description" not in about] == []


def test_the_worked_example_is_valid_as_any_yaml_reader_sees_it():
    validator().validate(yaml.safe_load(worked_example()))


@settings(max_examples=20)
@given(records())
def test_what_export_writes_is_valid(said):
    validator().validate(yaml.safe_load(write_record(said)))


@pytest.mark.parametrize(
    "wrong",
    [
        record(slug="Not a slug"),
        record(langages={}),
        record(occurrences=[]),
        record(occurrences=[occurrence(capacity=0)]),
        record(occurrences=[occurrence(conference={"kind": "webinarr"})]),
        record(registration={"choose": "two"}),
        record(registration={"questions": [{"id": "q", "type": "date", "label": "x", "only_if": {"question": "p"}}]}),
        record(
            registration={"questions": [{"id": "q", "type": "single_choice", "label": "x", "options": [{"limit": -1}]}]}
        ),
        record(registration={"verify": {}}),
        record(letters={"verification": {"en": "x"}}),
        record(languages={"en": {}}),
        record(topics=[["x"]]),
        record(topics=[{"en": ["x"]}]),
        {"record": 1},
    ],
)
def test_what_is_wrong_by_itself_is_not_valid(wrong):
    assert not validator().is_valid(wrong)


def test_the_words_of_a_vocabulary_are_listed():
    assert json_schema()["$defs"]["Question"]["properties"]["type"]["enum"] == [kind.value for kind in QuestionType]
