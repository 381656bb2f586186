"""A collector of the tests' own: takes traces by OTLP over HTTP and shows their spans."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class ReceivedSpan:
    """``links`` are the (trace id, span id) that it points to besides its parent."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any] = field(hash=False)
    links: tuple[tuple[str, str], ...] = ()


class Collector:
    """The spans received, while ``collecting`` is entered; ``wait_for`` blocks until they satisfy."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.raw: list[bytes] = []
        self._spans: list[ReceivedSpan] = []
        self._came = threading.Condition()

    @property
    def spans(self) -> list[ReceivedSpan]:
        with self._came:
            return list(self._spans)

    def wait_for(self, satisfied: Callable[[list[ReceivedSpan]], bool], *, seconds: float = 30) -> list[ReceivedSpan]:
        with self._came:
            if not self._came.wait_for(lambda: satisfied(self._spans), timeout=seconds):
                names = sorted({f"{span.service}: {span.name}" for span in self._spans})
                raise TimeoutError(f"only these spans came: {names}")
            return list(self._spans)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._came:
            self.raw.append(body)
            self._spans.extend(_spans_of(request))
            self._came.notify_all()

    @contextmanager
    def collecting(self) -> Iterator["Collector"]:
        collector = self

        class Traces(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Traces) as server:
            self.endpoint = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def _spans_of(request: ExportTraceServiceRequest) -> Iterator[ReceivedSpan]:
    for resource in request.resource_spans:
        service = str(_values(resource.resource.attributes).get("service.name", ""))
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield ReceivedSpan(
                    service=service,
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes=_values(span.attributes),
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value") or "string_value") for item in attributes}
