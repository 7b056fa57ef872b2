"""Messages for the errors that pydantic finds in an input."""

from collections.abc import Mapping
from typing import Any

from contravento.kit.i18n.marks import N_

_SENTENCES = {
    "missing": N_("This is needed."),
    "string_too_short": N_("At least %(min_length)s characters are needed."),
    "string_too_long": N_("At most %(max_length)s characters, please."),
    "string_type": N_("This must be text."),
    "too_long": N_("At most %(max_length)s, please."),
    "too_short": N_("At least %(min_length)s, please."),
    "date_from_datetime_parsing": N_("This is not a date; write it like 2025-06-03."),
    "date_parsing": N_("This is not a date; write it like 2025-06-03."),
    "date_type": N_("This is not a date; write it like 2025-06-03."),
    "date_from_datetime_inexact": N_("This is not a date; write it like 2025-06-03."),
    "greater_than_equal": N_("The least is %(ge)s."),
    "less_than_equal": N_("The most is %(le)s."),
    "int_parsing": N_("This must be a whole number."),
    "enum": N_("Choose one of %(expected)s."),
    "literal_error": N_("Choose one of %(expected)s."),
    "uuid_parsing": N_("This is not an id."),
    "extra_forbidden": N_("There is no such field."),
    "json_invalid": N_("This is not JSON."),
    "list_type": N_("This must be a list."),
}
_ADDRESS = N_("This does not read as an e-mail address.")
_OTHER = N_("This cannot be used as it is.")


def sentence_for(problem: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """An English sentence to translate, and what fills its places."""
    kind, context = problem["type"], dict(problem.get("ctx") or {})
    if kind == "value_error":
        message = str(context.get("error", ""))
        if "email address" in str(problem["msg"]):
            return _ADDRESS, {}
        return message or _OTHER, {}
    sentence = _SENTENCES.get(kind, _OTHER)
    if "expected" in context:  # pydantic joins the last two by an English word
        context["expected"] = str(context["expected"]).replace(" or ", ", ")
    return sentence, {name: value for name, value in context.items() if f"%({name})" in sentence}
