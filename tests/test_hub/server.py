"""A web server on this machine whose faults a test chooses."""

from __future__ import annotations

import re
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .certificates import EXPIRED, KEY, VALID


@dataclass
class Site:
    """What is served, and what was asked.

    Attributes:
        files: Path to content.
        faults: Path to what goes wrong there, in turn, one for each request; the last fault of
            a path that ends in ``...`` is for ever.
        etag: Sent with every file.
        ranges: Whether parts can be asked for.
        asked: One ``(path, Range header)`` for each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list] = field(default_factory=dict)
    etag: str = '"one"'
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ''

    def next_fault(self, path: str):
        """The fault of this request, or None."""
        left = self.faults.get(path, [])
        if not left:
            return None
        return left[0] if left[-1] is ... and len(left) == 2 else left.pop(0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments):
        """Say nothing."""

    def do_GET(self):
        site: Site = self.server.site
        path = re.sub(r'^https?://[^/]+', '', self.path)  # a proxy is asked for whole addresses
        site.asked.append((path, self.headers.get('Range')))
        site.headers.append(dict(self.headers))
        fault = site.next_fault(path)
        if isinstance(fault, int):
            return self._empty(fault)
        if isinstance(fault, str) and fault.startswith('to '):
            return self._empty(302, Location=fault[3:])
        if path not in site.files:
            return self._empty(404)
        self._send(site, site.files[path], fault)
        return None

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {'Content-Length': '0', **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, site: Site, content: bytes, fault) -> None:
        begin = 0
        wanted = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range') or '')
        if wanted and site.ranges and self.headers.get('If-Range') in (None, site.etag):
            begin = int(wanted[1])
        if begin >= len(content):
            return self._empty(416, **{'Content-Range': f'bytes */{len(content)}'})
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header('Content-Range', f'bytes {begin}-{len(content) - 1}/{len(content)}')
        self.send_header('Content-Length', str(len(content) - begin))
        self.send_header('ETag', site.etag)
        self.end_headers()
        body = content[begin:]
        if fault == 'truncated':
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault == 'silent':
            self.wfile.write(body[:10])
            self.wfile.flush()
            self.server.over.wait(20)
        elif fault == 'drip':
            self._drip(body)
        else:
            self.wfile.write(body)
        return None

    def _drip(self, body: bytes) -> None:
        try:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.over.wait(0.02):
                    return
        except OSError:
            pass  # the client has had enough


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no error here."""


@contextmanager
def serve(site: Site, certificate: str | None = None, folder: Path | None = None):
    """Run a server for a site while the block runs.

    Args:
        site: Its ``url`` is set.
        certificate: ``'expired'`` or ``'valid'`` for HTTPS.
        folder: For the certificate's file.
    """
    server = _Server(('127.0.0.1', 0), _Handler)
    server.site, server.over = site, threading.Event()
    scheme = 'http'
    if certificate:
        scheme = 'https'
        file = folder / 'server.pem'
        file.write_text(KEY + (EXPIRED if certificate == 'expired' else VALID), encoding='utf-8')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    site.url = f'{scheme}://127.0.0.1:{server.server_port}'
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_until(condition, seconds: float = 60) -> None:
    """Wait for another process or thread, at most so long."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError('it did not happen')
        time.sleep(0.01)
