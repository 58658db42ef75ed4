from eventsapp.reading.completeness import missing_translations
from tests.reading.records import occurrence, read, record
from tests.reading.test_record import worked_example


def test_a_complete_record_lacks_nothing():
    assert missing_translations(read(worked_example())) == []


def test_each_text_that_a_language_lacks_is_named():
    said = read(
        record(
            default_language="en",
            picture="forum.png",
            languages={
                "en": {"summary": "Forum", "excerpt": "x", "description": "y", "picture_alt": "z"},
                "es": {"summary": "Foro", "what_to_bring": "w"},
                "es-MX": {"summary": "Foro", "description": "y"},
            },
            topics=[{"en": "Democracy", "es": "Democracia"}, {"es": "Foro"}, "Esperanto"],
            occurrences=[occurrence(location={"en": "Street"}), occurrence(id="two", location="Street")],
            registration={
                "questions": [
                    {
                        "id": "q",
                        "type": "single_choice",
                        "label": {"en": "Why?", "es": "¿Por qué?"},
                        "help": "Because",
                        "options": [{"id": "a", "label": {"en": "A", "es": "A", "es-MX": "A"}}],
                    }
                ]
            },
            letters={"confirmation": {"en": {"subject": "Hi", "body": "You"}, "es": {"body": "Tú"}}},
        )
    )
    assert missing_translations(said) == [
        "topics[1].en is missing; es has it.",
        "languages.es.excerpt is missing; en has it.",
        "languages.es-MX.excerpt is missing; en has it.",
        "languages.es.description is missing; en, es-MX has it.",
        "languages.en.what_to_bring is missing; es has it.",
        "languages.es.picture_alt is missing; en has it.",
        "languages.es-MX.picture_alt is missing; en has it.",
        "registration.questions[0].help.es is missing; en has it.",
        "registration.questions[0].help.es-MX is missing; en has it.",
        "occurrences[0].location.es is missing; en has it.",
        "occurrences[0].location.es-MX is missing; en has it.",
        "letters.confirmation.es.subject is missing; en has it.",
        "letters.confirmation.es-MX.subject is missing; en has it.",
    ]


def test_a_picture_without_words_is_named_once():
    assert missing_translations(read(record(picture="forum.png"))) == [
        "languages: picture_alt is missing; people who cannot see the picture are told nothing."
    ]
