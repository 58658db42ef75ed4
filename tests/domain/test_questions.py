import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.questions import (
    OptionFull,
    QuestionSpec,
    answer_words,
    check_answers,
    chosen_options,
    typed_values,
)
from eventsapp.domain.vocabulary import QuestionType

OPTIONS = (
    {"id": "vegan", "label": {"en": "Vegan", "es": "Vegana"}},
    {"id": "012", "label": {"en": "Everything"}},
    {"id": "no", "label": {"en": "Nothing"}},
)


AMBIGUOUS = (
    "can be read in two ways. Enter the number for “My question” without a thousands separator, like 1234 or 1.5."
)


def question(kind: QuestionType, *, required: bool = False, **values: object) -> QuestionSpec:
    label = {"en": "My question", "es": "Mi pregunta"}
    return QuestionSpec("q", kind, required, label, options=OPTIONS, default_tag="en", **values)  # type: ignore[arg-type]


def answer(kind: QuestionType, *values: str, required: bool = False, tag: str = "en") -> object:
    """What is stored, or the sentence that says what is wrong, or None where nothing was answered."""
    answers, mistakes = check_answers([question(kind, required=required)], {"q": list(values)}, tag)
    assert not (answers and mistakes)
    if mistakes:
        assert mistakes["q"].key == "q"
        return f"! {mistakes['q']}"
    json.dumps(answers)
    return answers.get("q")


@pytest.mark.parametrize(
    ("kind", "values", "stored"),
    [
        (QuestionType.SHORT_TEXT, ["  two\twords \n"], "two words"),
        (QuestionType.SHORT_TEXT, ["a\x00b\u202ec"], "abc"),
        (QuestionType.SHORT_TEXT, ["=1+1 {name} <b>"], "=1+1 {name} <b>"),
        (QuestionType.SHORT_TEXT, ["x" * 200], "x" * 200),
        (QuestionType.LONG_TEXT, ["one\r\ntwo"], "one\ntwo"),
        (QuestionType.LONG_TEXT, ["x" * 5000], "x" * 5000),
        (QuestionType.SINGLE_CHOICE, ["vegan"], "vegan"),
        (QuestionType.SINGLE_CHOICE, ["012"], "012"),
        (QuestionType.SINGLE_CHOICE, ["", "no"], "no"),
        (QuestionType.SEVERAL_CHOICES, ["no", "vegan", "no"], ["vegan", "no"]),
        (QuestionType.YES_NO, ["yes"], True),
        (QuestionType.YES_NO, ["no"], False),
        (QuestionType.YES_NO, ["FALSE"], False),
        (QuestionType.CONSENT, ["yes"], True),
        (QuestionType.CONSENT, ["on"], True),
        (QuestionType.CONSENT, ["no", "yes"], True),
        (QuestionType.NUMBER, ["3"], 3),
        (QuestionType.NUMBER, [" 3 "], 3),
        (QuestionType.NUMBER, ["-3"], -3),
        (QuestionType.NUMBER, ["−3"], -3),
        (QuestionType.NUMBER, ["+3"], 3),
        (QuestionType.NUMBER, ["0"], 0),
        (QuestionType.NUMBER, ["007"], 7),
        (QuestionType.NUMBER, ["3.5"], 3.5),
        (QuestionType.NUMBER, ["3,5"], 3.5),
        (QuestionType.NUMBER, ["3.50"], 3.5),
        (QuestionType.NUMBER, ["3,0"], 3),
        (QuestionType.NUMBER, [".5"], 0.5),
        (QuestionType.NUMBER, ["3."], 3),
        (QuestionType.NUMBER, ["0,125"], 0.125),
        (QuestionType.NUMBER, ["1234.567"], 1234.567),
        (QuestionType.NUMBER, ["1.2345"], 1.2345),
        (QuestionType.NUMBER, ["1.234,5"], 1234.5),
        (QuestionType.NUMBER, ["1,234.567"], 1234.567),
        (QuestionType.NUMBER, ["1.234.567"], 1234567),
        (QuestionType.NUMBER, ["1 234"], 1234),
        (QuestionType.NUMBER, ["1\u202f234,50"], 1234.5),
        (QuestionType.NUMBER, ["1’234"], 1234),
        (QuestionType.NUMBER, ["٣٫٥"], 3.5),
        (QuestionType.NUMBER, ["１２"], 12),
        (QuestionType.NUMBER, ["-0"], 0),
        (QuestionType.DATE, ["2026-06-25"], "2026-06-25"),
        (QuestionType.DATE, [" 2026 - 6 - 5 "], "2026-06-05"),
        (QuestionType.DATE, ["2026/06/25"], "2026-06-25"),
        (QuestionType.DATE, ["2026.06.25"], "2026-06-25"),
        (QuestionType.DATE, ["٢٠٢٦-٠٦-٢٥"], "2026-06-25"),
        (QuestionType.DATE, ["2028-02-29"], "2028-02-29"),
        (QuestionType.COUNTRY, ["MX"], "MX"),
        (QuestionType.COUNTRY, ["no"], "NO"),
        (QuestionType.PHONE, ["+52 55 5280 1234"], "+525552801234"),
        (QuestionType.PHONE, ["0048 785 326 691"], "+48785326691"),
        (QuestionType.PHONE, ["+41 (0)78 532 45 67"], "+41785324567"),
        (QuestionType.PHONE, ["+٥٢ ٥٥ ٥٢٨٠ ١٢٣٤"], "+525552801234"),
        (QuestionType.PHONE, ["+52 55 5280 1234 x12"], "+52 55 5280 1234 x12"),
        (QuestionType.PHONE, ["123-456-789"], "123-456-789"),
        (QuestionType.PHONE, ["(030) 12345 x12"], "(030) 12345 x12"),
        (QuestionType.PHONE, ["+999 1234567"], "+999 1234567"),
        (QuestionType.URL, ["https://example.org/a?b=c#d"], "https://example.org/a?b=c#d"),
        (QuestionType.URL, ["http://münchen.de/ä"], "http://münchen.de/ä"),
        (QuestionType.URL, ["example.org/path"], "https://example.org/path"),
        (QuestionType.URL, ["HTTPS://example.org"], "HTTPS://example.org"),
    ],
    ids=ascii,
)
def test_an_answer_is_cleaned_and_stored_in_its_type(kind, values, stored):
    given = answer(kind, *values)
    assert (type(given), given) == (type(stored), stored)


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        (
            QuestionType.SHORT_TEXT,
            ["x" * 201],
            "Your answer to “My question” is too long. Shorten it to 200 characters or fewer.",
        ),
        (
            QuestionType.LONG_TEXT,
            ["x" * 5001],
            "Your answer to “My question” is too long. Shorten it to 5000 characters or fewer.",
        ),
        (QuestionType.SHORT_TEXT, ["one", "two"], "Give one answer to “My question”."),
        (QuestionType.SINGLE_CHOICE, ["beef"], "Choose one of the options shown for “My question”."),
        (QuestionType.SINGLE_CHOICE, ["Vegan"], "Choose one of the options shown for “My question”."),
        (QuestionType.SINGLE_CHOICE, ["vegan", "no"], "Give one answer to “My question”."),
        (QuestionType.SEVERAL_CHOICES, ["vegan", "beef"], "Choose only from the options shown for “My question”."),
        (QuestionType.YES_NO, ["perhaps"], "Choose yes or no for “My question”."),
        (QuestionType.CONSENT, ["no"], "Tick the box “My question” to register."),
        (QuestionType.CONSENT, [], "Tick the box “My question” to register."),
        (
            QuestionType.NUMBER,
            ["1.234"],
            f"“1.234” {AMBIGUOUS}",
        ),
        (
            QuestionType.NUMBER,
            ["-12,345"],
            f"“-12,345” {AMBIGUOUS}",
        ),
        *(
            (QuestionType.NUMBER, [text], "Enter only a number for “My question”, like 3 or 1.5.")
            for text in (
                "three", "3 kg", "1,23,456", "1.234.5", "1,2,3", "1.234,567,8", "1 23", "1e5", "inf", "nan", "0x10",
                "--3", "1_000", ".", "-", "½", "³", "1.000.000,000.000",
            )
        ),
        (QuestionType.NUMBER, ["1234567890123456"], "Enter a number of at most 15 digits for “My question”."),
        *(
            (QuestionType.DATE, [text], "Enter the date for “My question” as year-month-day, like 2026-06-25.")
            for text in ("25/06/2026", "05/06/2026", "25 June 2026", "26-06-25", "2026-06", "2026-06/25", "tomorrow")
        ),
        *(
            (
                QuestionType.DATE,
                [text],
                "Enter a date that exists for “My question”, as year-month-day, like 2026-06-25.",
            )
            for text in ("2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01")
        ),
        (QuestionType.DATE, ["0026-06-25"], "Enter the year with four digits for “My question”, like 2026-06-25."),
        *(
            (QuestionType.COUNTRY, [text], "Choose a country from the list for “My question”.")
            for text in ("Mexico", "XX", "EU", "ZZ", "001", "M")
        ),
        *(
            (
                QuestionType.PHONE,
                [text],
                "Enter a telephone number with its country code for “My question”, like +52 55 1234 5678.",
            )
            for text in ("none", "123", "+", "call me +52 55 5280 1234", "1" * 41, "<b>12345</b>", "=1+12345")
        ),
        *(
            (
                QuestionType.URL,
                [text],
                "Enter a web address for “My question” that begins with https://, like https://example.org.",
            )
            for text in (
                "javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "https://", "https:///x",
                "https://localhost", "https://a b.org", "https://user:pw@example.org", "https://example.org:99999",
                "https://[::1", "https://example.org/\\", "https://exa\"mple.org", "mailto:ana@example.org", "nothing",
                "javascript://example.org/%0aalert(1)", "https://.org", "https://example.org:0",
            )
        ),
        (
            QuestionType.URL,
            ["https://example.org/" + "x" * 2000],
            "Enter a web address of at most 2000 characters for “My question”.",
        ),
    ],
    ids=lambda value: ascii(str(value)[:40]),
)  # fmt: skip
def test_a_wrong_answer_is_told_with_its_remedy(kind, values, sentence):
    assert answer(kind, *values) == f"! {sentence}"


@pytest.mark.parametrize("kind", sorted(set(QuestionType) - {QuestionType.CONSENT}))
@pytest.mark.parametrize("empty", [[], [""], ["  \u200b\n"], ["", ""]], ids=ascii)
def test_a_question_that_may_be_left_empty_has_no_answer_then(kind, empty):
    assert answer(kind, *empty) is None


MISSING = {
    QuestionType.SHORT_TEXT: "Answer “My question”.",
    QuestionType.LONG_TEXT: "Answer “My question”.",
    QuestionType.SINGLE_CHOICE: "Choose an option for “My question”.",
    QuestionType.SEVERAL_CHOICES: "Choose at least one option for “My question”.",
    QuestionType.YES_NO: "Choose yes or no for “My question”.",
    QuestionType.CONSENT: "Tick the box “My question” to register.",
    QuestionType.NUMBER: "Enter a number for “My question”.",
    QuestionType.DATE: "Enter a date for “My question”, as year-month-day, like 2026-06-25.",
    QuestionType.COUNTRY: "Choose a country for “My question”.",
    QuestionType.PHONE: "Enter a telephone number for “My question”.",
    QuestionType.URL: "Enter a web address for “My question”, like https://example.org.",
}


@pytest.mark.parametrize("kind", sorted(QuestionType))
def test_a_required_question_must_be_answered(kind):
    assert answer(kind, "", required=True) == f"! {MISSING[kind]}"


@pytest.mark.parametrize(
    ("tag", "label"), [("es", "Mi pregunta"), ("es-MX", "Mi pregunta"), ("de", "My question"), ("", "My question")]
)
def test_the_mistake_names_the_question_in_the_asked_language(tag, label):
    assert answer(QuestionType.SHORT_TEXT, "", required=True, tag=tag) == f"! Answer “{label}”."


def test_a_label_with_percent_signs_and_braces_stays_as_it_is():
    spec = QuestionSpec("q", QuestionType.SHORT_TEXT, True, {"en": "100 %(x)s {y}?"})
    assert str(check_answers([spec], {}, "en")[1]["q"]) == "Answer “100 %(x)s {y}?”."


def test_each_question_is_checked_by_itself_and_unknown_keys_are_ignored():
    questions = [
        QuestionSpec("name2", QuestionType.SHORT_TEXT, True, {"en": "Second name"}),
        QuestionSpec("age", QuestionType.NUMBER, True, {"en": "Age"}),
        QuestionSpec("site", QuestionType.URL, False, {"en": "Site"}),
    ]
    raw = {"name2": ["Bea"], "age": ["old"], "status": ["confirmed"], "event_id": ["1"], "is_admin": ["yes"]}
    answers, mistakes = check_answers(questions, raw, "en")
    assert answers == {"name2": "Bea"}
    assert {key: str(mistake) for key, mistake in mistakes.items()} == {
        "age": "Enter only a number for “Age”, like 3 or 1.5."
    }


@given(st.sampled_from(sorted(QuestionType)), st.lists(st.text(), max_size=3))
def test_any_text_is_an_answer_or_a_mistake(kind, values):
    stored = answer(kind, *values)
    if stored is not None and not str(stored).startswith("! "):
        assert answer_words(question(kind), stored, "en")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "tag", "words"),
    [
        (QuestionType.SHORT_TEXT, "two words", "es", "two words"),
        (QuestionType.SHORT_TEXT, "2026-06-25", "es", "2026-06-25"),
        (QuestionType.SINGLE_CHOICE, "vegan", "es-MX", "Vegana"),
        (QuestionType.SINGLE_CHOICE, "012", "es", "Everything"),
        (QuestionType.SINGLE_CHOICE, "taken out", "es", "taken out"),
        (QuestionType.SEVERAL_CHOICES, ["vegan", "no"], "en", "Vegan; Nothing"),
        (QuestionType.SEVERAL_CHOICES, ["vegan", "no"], "ar", "Vegan؛ Nothing"),
        (QuestionType.SEVERAL_CHOICES, ["vegan", "no"], "zh-Hans", "Vegan；Nothing"),
        (QuestionType.YES_NO, True, "en", "Yes"),
        (QuestionType.CONSENT, True, "en", "Yes"),
        (QuestionType.YES_NO, False, "en", "No"),
        (QuestionType.NUMBER, 1234.5, "es", "1.234,5"),
        (QuestionType.NUMBER, 1234.5, "en", "1,234.5"),
        (QuestionType.NUMBER, 0.1, "en", "0.1"),
        (QuestionType.NUMBER, 3, "en", "3"),
        (QuestionType.DATE, "2026-06-25", "en", "June 25, 2026"),
        (QuestionType.DATE, "2026-06-25", "es", "25 de junio de 2026"),
        (QuestionType.COUNTRY, "MX", "es", "México"),
        (QuestionType.COUNTRY, "DE", "en", "Germany"),
        (QuestionType.PHONE, "+525552801234", "en", "+525552801234"),
    ],
    ids=ascii,
)
def test_an_answer_in_words(kind, value, tag, words):
    assert answer_words(question(kind), value, tag) == words


def test_yes_and_no_are_said_by_the_door():
    assert answer_words(question(QuestionType.YES_NO), True, "es", say={"Yes": "Sí"}.__getitem__) == "Sí"


def test_a_question_speaks_the_asked_language_or_the_events_default():
    spec = QuestionSpec("q", QuestionType.SHORT_TEXT, False, {"es": "Uno", "en": "One"}, default_tag="en")
    assert [spec.label_in(tag) for tag in ("es-AR", "en-GB", "ja")] == ["Uno", "One", "One"]
    assert QuestionSpec("q", QuestionType.SHORT_TEXT, False, {}).label_in("en") == "q"


# Asked only sometimes


def asked(**conditions: object) -> list[QuestionSpec]:
    """Four questions that may be conditions, and ``after``, which is asked only where ``conditions`` hold."""
    only_if = [{"question": key, "is": values} for key, values in conditions.items()]
    return [
        QuestionSpec("diet", QuestionType.SINGLE_CHOICE, False, {"en": "Diet"}, options=OPTIONS),
        QuestionSpec("days", QuestionType.SEVERAL_CHOICES, False, {"en": "Days"}, options=OPTIONS),
        QuestionSpec("first", QuestionType.YES_NO, False, {"en": "First"}),
        QuestionSpec("land", QuestionType.COUNTRY, False, {"en": "Country"}),
        QuestionSpec("agree", QuestionType.CONSENT, True, {"en": "Agree"}),
        QuestionSpec("after", QuestionType.SHORT_TEXT, True, {"en": "After"}, only_if=only_if),
    ]


@pytest.mark.parametrize(
    ("conditions", "raw", "holds"),
    [
        ({"diet": ["no"]}, {"diet": ["no"]}, True),
        ({"diet": ["no"]}, {"diet": ["vegan"]}, False),
        ({"diet": ["no"]}, {}, False),
        ({"diet": ["no"]}, {"diet": ["beef"]}, False),  # a mistake of its own
        ({"diet": ["vegan", "no"]}, {"diet": ["no"]}, True),
        ({"diet": []}, {"diet": ["no"]}, False),
        ({"days": ["no"]}, {"days": ["vegan", "no"]}, True),
        ({"days": ["no"]}, {"days": ["vegan", "012"]}, False),
        ({"first": ["yes"]}, {"first": ["yes"]}, True),
        ({"first": ["yes"]}, {"first": ["TRUE"]}, True),
        ({"first": ["yes"]}, {"first": ["no"]}, False),
        ({"first": ["no"]}, {"first": ["no"]}, True),
        ({"first": ["no"]}, {}, False),  # nothing was answered
        ({"land": ["MX", "NO"]}, {"land": ["mx"]}, True),
        ({"land": ["MX", "NO"]}, {"land": ["US"]}, False),
        ({"agree": ["yes"]}, {}, True),
        ({"diet": ["no"], "first": ["yes"]}, {"diet": ["no"], "first": ["yes"]}, True),
        ({"diet": ["no"], "first": ["yes"]}, {"diet": ["no"], "first": ["no"]}, False),
        ({"nothing": ["yes"]}, {"nothing": ["yes"]}, False),
    ],
)
def test_a_question_is_asked_where_all_its_conditions_hold(conditions, raw, holds):
    raw = {"agree": ["yes"]} | raw
    answers, mistakes = check_answers(asked(**conditions), raw | {"after": ["words"]}, "en")
    assert answers.get("after") == ("words" if holds else None)
    _answers, mistakes = check_answers(asked(**conditions), raw, "en")
    assert ("after" in mistakes) == holds


def test_an_unasked_question_makes_no_mistake_and_stores_nothing():
    spec = QuestionSpec("age", QuestionType.NUMBER, True, {}, only_if=[{"question": "diet", "is": ["no"]}])
    specs = [QuestionSpec("diet", QuestionType.SINGLE_CHOICE, False, {}, options=OPTIONS), spec]
    assert check_answers(specs, {"diet": ["vegan"], "age": ["old"]}, "en") == ({"diet": "vegan"}, {})


def test_a_condition_on_an_unasked_question_does_not_hold():
    one = QuestionSpec("one", QuestionType.YES_NO, False, {})
    two = QuestionSpec("two", QuestionType.YES_NO, False, {}, only_if=[{"question": "one", "is": ["yes"]}])
    three = QuestionSpec("three", QuestionType.YES_NO, True, {}, only_if=[{"question": "two", "is": ["yes"]}])
    raw = {"one": ["no"], "two": ["yes"], "three": ["yes"]}
    assert check_answers([one, two, three], raw, "en") == ({"one": False}, {})
    raw["one"] = ["yes"]
    assert check_answers([one, two, three], raw, "en")[0] == {"one": True, "two": True, "three": True}


def test_a_condition_on_a_later_question_never_holds():
    early = QuestionSpec("early", QuestionType.YES_NO, True, {}, only_if=[{"question": "late", "is": ["yes"]}])
    late = QuestionSpec("late", QuestionType.YES_NO, False, {})
    assert check_answers([early, late], {"early": ["yes"], "late": ["yes"]}, "en") == ({"late": True}, {})


def test_a_consent_that_is_asked_only_sometimes_is_needed_only_then():
    consent = QuestionSpec("ok", QuestionType.CONSENT, False, {"en": "OK"}, only_if=[{"question": "m", "is": ["yes"]}])
    minor = QuestionSpec("m", QuestionType.YES_NO, True, {"en": "Minor"})
    assert check_answers([minor, consent], {"m": ["no"]}, "en") == ({"m": False}, {})
    assert list(check_answers([minor, consent], {"m": ["yes"]}, "en")[1]) == ["ok"]


# Other, please say


WITH_OTHER = (
    {"id": "vegan", "label": {"en": "Vegan", "es": "Vegana"}},
    {"id": "else", "label": {"en": "Other", "es": "Otra"}, "other": True, "limit": 2},
)
SINGLE = QuestionSpec("diet", QuestionType.SINGLE_CHOICE, False, {"en": "Diet"}, options=WITH_OTHER, default_tag="en")
SEVERAL = QuestionSpec("diet", QuestionType.SEVERAL_CHOICES, True, {"en": "Diet"}, options=WITH_OTHER, default_tag="en")
TOO_LONG = "Your answer to “Diet” is too long. Shorten it to 200 characters or fewer."
NOT_SAID = "Give details for “Other”, or choose another option for “Diet”."


@pytest.mark.parametrize(
    ("spec", "chosen", "details", "stored"),
    [
        (SINGLE, ["else"], [" no\tnuts\n"], {"chosen": ["else"], "said": "no nuts"}),
        (SINGLE, ["vegan"], ["no nuts"], "vegan"),
        (SINGLE, ["vegan"], [""], "vegan"),
        (SINGLE, [], ["no nuts"], {"chosen": ["else"], "said": "no nuts"}),
        (SINGLE, ["else"], ["", "no nuts"], {"chosen": ["else"], "said": "no nuts"}),
        (SINGLE, [], [" \u200b"], None),
        (SEVERAL, ["else", "vegan"], ["no nuts"], {"chosen": ["vegan", "else"], "said": "no nuts"}),
        (SEVERAL, ["vegan"], ["x" * 999], ["vegan"]),
    ],
)
def test_what_is_said_beside_an_option_is_stored_with_it(spec, chosen, details, stored):
    answers, mistakes = check_answers([spec], {"diet": chosen, "diet:other": details}, "en")
    assert (answers.get("diet"), mistakes) == (stored, {})
    json.dumps(answers)


@pytest.mark.parametrize(
    ("chosen", "details", "key", "sentence"),
    [
        (["else"], [], "diet:other", NOT_SAID),
        (["else"], ["  "], "diet:other", NOT_SAID),
        (["else", "vegan"], [""], "diet:other", NOT_SAID),
        (["else"], ["x" * 201], "diet:other", TOO_LONG),
        (["else"], ["one", "two"], "diet:other", "Give one answer to “Diet”."),
        (["beef"], ["no nuts"], "diet", "Choose only from the options shown for “Diet”."),
    ],
)
def test_whoever_chooses_other_says_what(chosen, details, key, sentence):
    answers, mistakes = check_answers([SEVERAL], {"diet": chosen, "diet:other": details}, "en")
    assert answers == {}
    assert [(name, mistake.key, str(mistake)) for name, mistake in mistakes.items()] == [(key, key, sentence)]


def test_details_belong_to_choices_alone():
    spec = QuestionSpec("diet", QuestionType.YES_NO, False, {}, options=WITH_OTHER)
    assert check_answers([spec], {"diet:other": ["x"]}, "en") == ({}, {})
    assert (spec.other(), spec.limits(), SINGLE.other(), SINGLE.limits()) == ("", {}, "else", {"else": 2})


def test_an_option_with_details_is_a_condition_like_any():
    after = QuestionSpec("after", QuestionType.SHORT_TEXT, True, {}, only_if=[{"question": "diet", "is": ["else"]}])
    assert list(check_answers([SINGLE, after], {"diet": ["else"], "diet:other": ["nuts"]}, "en")[1]) == ["after"]
    assert list(check_answers([SINGLE, after], {"diet": ["else"]}, "en")[1]) == ["diet:other", "after"]


@pytest.mark.parametrize(
    ("value", "tag", "words"),
    [
        ({"chosen": ["else"], "said": "no nuts"}, "en", "Other: no nuts"),
        ({"chosen": ["vegan", "else"], "said": "no nuts"}, "es", "Vegana; Otra: no nuts"),
        ({"chosen": ["gone"], "said": "no nuts"}, "en", "gone; no nuts"),
        ({"chosen": ["else"], "said": "100 %(x)s"}, "en", "Other: 100 %(x)s"),
    ],
)
def test_details_in_words(value, tag, words):
    assert answer_words(SEVERAL, value, tag) == words


def test_details_are_joined_by_the_door():
    words = answer_words(SINGLE, {"chosen": ["else"], "said": "x"}, "fr", say=lambda text: text.replace(":", " :"))
    assert words == "Other : x"


@pytest.mark.parametrize(
    ("value", "options"),
    [("vegan", ["vegan"]), (["a", "b"], ["a", "b"]), ({"chosen": ["a"], "said": "x"}, ["a"]), (True, []), (3, [])],
)
def test_the_options_that_an_answer_names(value, options):
    assert chosen_options(value) == options


def test_a_full_option_is_named():
    error = OptionFull(SINGLE, "else", "es")
    assert (error.key, error.option) == ("diet", "else")
    assert str(error) == "No places are left for “Otra”. Choose another option for “Diet”."


# Back into the form


@given(
    st.sampled_from(sorted(QuestionType)),
    st.one_of(
        st.lists(st.text(), max_size=2),
        st.lists(st.from_regex(r"-?[0-9]{0,9}([.,][0-9]{0,14})?", fullmatch=True), min_size=1, max_size=1),
        st.lists(st.sampled_from(["vegan", "012", "no", "yes", "2026-06-25", "MX", "+52 55 5280 1234"]), max_size=2),
    ),
)
def test_a_stored_answer_can_be_sent_again(kind, values):
    spec = question(kind)
    answers, _mistakes = check_answers([spec], {"q": values}, "en")
    for value in answers.values():
        assert check_answers([spec], typed_values(spec, value), "en") == ({"q": value}, {})


@pytest.mark.parametrize("number", [1.234, -12.345, 1e-15, 0.1, 123456789012345, 1234567.8, -5])
def test_a_number_comes_back_as_it_can_be_typed(number):
    spec = question(QuestionType.NUMBER)
    assert check_answers([spec], typed_values(spec, number), "en") == ({"q": number}, {})


def test_details_come_back_in_their_own_field():
    value = {"chosen": ["vegan", "else"], "said": "no nuts"}
    typed = typed_values(SEVERAL, value)
    assert typed == {"diet": ["vegan", "else"], "diet:other": ["no nuts"]}
    assert check_answers([SEVERAL], typed, "en") == ({"diet": value}, {})
    assert typed_values(question(QuestionType.YES_NO), False) == {"q": ["no"]}
