"""A collector of OpenTelemetry on loopback: takes what is sent over HTTP, and reads it."""

import gzip
import http.server
import threading
import zlib
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(value) -> Any:
    """Return an attribute's value."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes(them) -> dict[str, Any]:
    return {one.key: plain(one.value) for one in them}


class Collector:
    """Listens from `with` on; `spans` and `numbers` are what it was sent."""

    def __init__(self, *, answers=True):
        self.spans, self.numbers, self.resources, self.arrived = [], [], [], threading.Event()
        self.bodies = b""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(self.path, self.headers.get("Content-Encoding"), body)
                if not answers:
                    outer.released.wait()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format, *args):  # noqa: A002 - its name
                pass

        self.released = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, path, encoding, body):
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        self.bodies += body
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(attributes(part.resource.attributes))
                for scope in part.scope_spans:
                    self.spans.extend(scope.spans)
        elif path == "/v1/metrics":
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in part.scope_metrics:
                    self.numbers.extend(scope.metrics)
        self.arrived.set()

    def named(self, start):
        """Return the spans whose names begin so."""
        return [span for span in self.spans if span.name.startswith(start)]

    def number(self, name):
        """Return the data points of a metric."""
        found = next(one for one in self.numbers if one.name == name)
        return list(getattr(found, found.WhichOneof("data")).data_points)

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
