"""The service's door to HTTP. Routes parse, call one use case through the door, and return."""

from kit.http.bodies import Body
from kit.http.conditions import KEY_REQUIRED, IfMatch, etag
from kit.http.door import Door, DoorFor, LookedUp, OpenDoor, SignedIn
from kit.http.html import html_page
from kit.http.pages import AskedPage, ListView, listed
from kit.http.people import People
from kit.http.problems import FieldProblem, HttpProblem, Problem, handle_problems, problem, responses_for

__all__ = [
    "KEY_REQUIRED",
    "AskedPage",
    "Body",
    "Door",
    "DoorFor",
    "FieldProblem",
    "HttpProblem",
    "IfMatch",
    "ListView",
    "LookedUp",
    "OpenDoor",
    "People",
    "Problem",
    "SignedIn",
    "etag",
    "handle_problems",
    "html_page",
    "listed",
    "problem",
    "responses_for",
]
