"""One HTTP(S) request with the standard library, its failures sorted into passing and lasting."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from mmseg_deeplab.version import __version__

_PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses that may be another one soon


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        timeout: Seconds without a byte, or of less than ``slowest``, that end an attempt.
        slowest: Bytes a second.
        attempts: Failures in a row that end a transfer.
        pause: Seconds before the second attempt; doubled for each further one.
    """

    timeout: float = 30.0
    slowest: int = 1024
    attempts: int = 5
    pause: float = 1.0


PATIENCE = Patience()


class Unavailable(Exception):
    """This source cannot give the file; the text says why. Another source may.

    Args:
        text: Why.
        absent: The source answered, and has no such file; it may have it elsewhere.
    """

    def __init__(self, text: str, *, absent: bool = False) -> None:
        super().__init__(text)
        self.absent = absent


class Interrupted(Exception):
    """An attempt failed in a way that may pass."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from a secured to an open connection or off the web."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str):
        """Called by urllib for each redirect."""
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after != 'https' and (before == 'https' or after != 'http'):
            raise Unavailable(f'it redirects to {newurl}, which is not secured')
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_web(address: str, offset: int, version: str | None) -> Any:
    """Ask for a file.

    Args:
        address: ``http://`` or ``https://``; proxies are those of the environment.
        offset: The first byte wanted.
        version: Only if the file still is this one: an ETag or a date of change.

    Returns:
        The response of :mod:`urllib`, to be closed by the caller.

    Raises:
        Interrupted: It may work the next time.
        Unavailable: It will not.
        HTTPError: Of status 416 only: there is no such byte.
    """
    request = _request(address, offset, version)
    try:
        return urllib.request.build_opener(_Redirects).open(request, timeout=PATIENCE.timeout)
    except HTTPError as error:
        error.close()
        if error.code == 416:
            raise
        text = f'{error.code} {http.client.responses.get(error.code, "")}'.strip()
        if error.code in _PASSING:
            raise Interrupted(f'the server says {text}') from error
        if 300 <= error.code < 400:
            raise Unavailable(f'its redirects do not end ({text})') from error
        raise Unavailable(f'the server says {text}', absent=error.code < 500) from error
    except http.client.InvalidURL as error:
        raise Unavailable(str(error)) from error
    except URLError as error:
        if isinstance(error.reason, ConnectionResetError):
            raise Interrupted('the connection broke') from error
        raise Unavailable(reason(error.reason)) from error
    except TimeoutError as error:
        raise Interrupted(f'no answer came for {PATIENCE.timeout:g} s') from error
    except (http.client.HTTPException, OSError) as error:
        raise Interrupted(f'the connection broke ({reason(error)})') from error


def _request(address: str, offset: int, version: str | None) -> urllib.request.Request:
    request = urllib.request.Request(address)
    request.add_header('User-Agent', f'mmseg-deeplab/{__version__}')
    request.add_header('Accept-Encoding', 'identity')  # lengths and ranges of the file itself
    if offset:
        request.add_header('Range', f'bytes={offset}-')
        if version:
            request.add_header('If-Range', version)
    token = os.environ.get('HF_TOKEN')
    if token and address.startswith(f'{hugging_face()}/'):
        # unredirected: the storage that the hub redirects to must not see it
        request.add_unredirected_header('Authorization', f'Bearer {token}')
    return request


def hugging_face() -> str:
    """The Hugging Face hub: $HF_ENDPOINT, else https://huggingface.co."""
    return (os.environ.get('HF_ENDPOINT') or 'https://huggingface.co').rstrip('/')


def reason(error: Any) -> str:
    """An error of the network in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f'its certificate is not valid: {error.verify_message}'
    if isinstance(error, socket.gaierror):
        return 'its host is not known: no network, or the name is wrong'
    if isinstance(error, TimeoutError):
        return f'it could not be reached in {PATIENCE.timeout:g} s'
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__
