"""What comes as a JSON body: nothing unknown, nothing of another type than is asked for, no text that hides itself."""

from functools import partial
from typing import Any

from contracts.text import fault_of
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

#: Parts of a schema that hold no schema.
_NO_SCHEMA = frozenset({"metadata", "serialization", "default", "config"})
#: Marks a body's schema that is strict already: it is asked for again by each application and each body around it.
_DONE = "kit_strict"
_TIMES = {"date": "date_type", "datetime": "datetime_type", "time": "time_type"}


def _strictly(part: Any) -> Any:
    if isinstance(part, list):
        return [_strictly(each) for each in part]
    if not isinstance(part, dict) or _DONE in part.get("metadata", ()):
        return part
    schema: Any = {key: value if key in _NO_SCHEMA else _strictly(value) for key, value in part.items()}
    match schema.get("type"):
        case "bool" | "int" | "float":
            return schema | {"strict": True}
        case "date" | "datetime" | "time" as kind:
            return core_schema.no_info_before_validator_function(partial(_written, kind), schema)
        case "str":
            return core_schema.no_info_after_validator_function(
                partial(_open, filled=bool(schema.get("min_length"))), schema
            )
    return schema


def _written(kind: str, value: Any) -> Any:
    """Seconds since 1970 are no time to people, neither as a number nor as digits in a text."""
    if isinstance(value, bool | int | float) or (isinstance(value, str) and value.strip("+-. ").isdecimal()):
        raise PydanticKnownError(_TIMES[kind])  # type: ignore[arg-type]
    return value


def _open(text: str, *, filled: bool) -> str:
    if fault := fault_of(text, filled=filled):
        raise PydanticCustomError("hidden_text", "{fault}", {"fault": fault})
    return text


class Body(BaseModel):
    """JSON's own types are taken as they are: ``"3"`` is no number, and a number no date.

    Pydantic's strict mode cannot say so: FastAPI hands over objects, of which it would refuse a date or a UUID as text.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        schema = handler(source)
        whole: Any = handler.resolve_ref_schema(schema)
        if _DONE not in whole.get("metadata", ()):
            whole.update({key: _strictly(part) for key, part in whole.items() if key not in _NO_SCHEMA})
            whole["metadata"] = {**whole.get("metadata", {}), _DONE: True}
        return schema
