"""Calls of a running API, each held against its OpenAPI document: hand-made ones, and made-up ones by the hundred."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.testing.tokens import Identity
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

#: Everybody who may ask: a sign-in subject with the roles that the token itself carries.
OPERATOR = ("chen.jing", "operator")
SECOND_OPERATOR = ("deng.hai", "operator")
AUDITOR = ("audit.zhou", "auditor")
RESIDENT = ("li.hua", "resident")
CLERK = ("wang.min",)
DISPATCHER = ("li.na",)
CITY_DISPATCHER = ("he.jian",)
SUPERVISOR = ("sun.yue",)
BUREAU_OFFICER = ("zhou.tao",)
NOBODY = ("ma.li",)
EVERYBODY = [
    OPERATOR,
    SECOND_OPERATOR,
    AUDITOR,
    RESIDENT,
    CLERK,
    DISPATCHER,
    CITY_DISPATCHER,
    SUPERVISOR,
    BUREAU_OFFICER,
    NOBODY,
]

Who = tuple[str, ...]


@dataclass
class Caller:
    """Calls operations by name, as ``POST /grid/v1/places``, and remembers what was answered."""

    url: str
    document: dict[str, Any]
    identity: Identity
    answered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    known: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.schema = schemathesis.openapi.from_dict(self.document)
        self._tokens = {who: self.identity.headers(*who) for who in EVERYBODY}

    @property
    def operations(self) -> list[str]:
        return [f"{m.upper()} {p}" for p, ways in self.document["paths"].items() for m in ways]

    def call(
        self,
        name: str,
        who: Who | None = None,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        version: int | None = None,
        media_type: str = "application/json",
        **path: object,
    ) -> Any:
        """The answer's JSON, or its page; it must be 2xx and as documented."""
        method, route = name.split(" ")
        self.remember(path)
        if_match = {"If-Match": f'"{version}"'} if version is not None else {}
        key = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        sent: dict[str, Any] = {"body": body, "media_type": media_type} if body is not None else {}
        case = self.schema[route][method].Case(
            path_parameters={key: str(value) for key, value in path.items()} or None,
            query=dict(query) if query else None,
            headers={**if_match, **key, **self._headers(who)},
            **sent,
        )
        response = self.send(case, name)
        assert 200 <= response.status_code < 300, f"{name}: {response.status_code} {response.text}"
        if response.headers.get("content-type", [""])[0].startswith("text/html"):
            return response.text
        return response.json() if response.content else None

    def send(self, case: Case[Any], name: str) -> Any:
        response = case.call(base_url=self.url)
        self.answered[name].add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        return response

    def remember(self, path: Mapping[str, object]) -> None:
        for key, value in path.items():
            if str(value) not in self.known[key]:
                self.known[key].append(str(value))

    def make_up(self, name: str, *, calls: int) -> None:
        """As many made-up calls as asked for, good and bad ones, by everybody, about what is there and what is not."""
        method, route = name.split(" ")
        operation = self.schema[route][method]
        modes = [operation.as_strategy(generation_mode=mode) for mode in self._modes(operation)]
        steady = settings(
            max_examples=calls,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )

        @steady
        @given(st.one_of(modes), st.sampled_from([None, *EVERYBODY]), st.randoms(use_true_random=False))
        def made_up(case: Case[Any], who: Who | None, chance: Any) -> None:
            if case.path_parameters and chance.random() < 0.7:
                there = {k: chance.choice(self.known[k]) for k in case.path_parameters if self.known[k]}
                case.path_parameters = {**case.path_parameters, **there}
            case.headers.update(self._headers(who))
            self.send(case, name)

        made_up()

    @staticmethod
    def _modes(operation: Any) -> Iterator[GenerationMode]:
        yield GenerationMode.POSITIVE
        if operation.body or any(True for _ in operation.iter_parameters()):
            yield GenerationMode.NEGATIVE

    def _headers(self, who: Who | None) -> dict[str, str]:
        if who is None:
            return {}
        if who not in self._tokens:
            self._tokens[who] = self.identity.headers(*who)
        return self._tokens[who]

    def never_well(self) -> list[str]:
        """Operations that never answered 2xx: they were not tried at all, whatever else is green."""
        return [name for name in self.operations if not any(200 <= s < 300 for s in self.answered[name])]
