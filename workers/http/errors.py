"""The failure of an outbound request."""

from __future__ import annotations


class HttpRequestError(Exception):
    """The request got no answer; the text is one word that says why, for the operator.

    ADDRESS, FORBIDDEN (a network that was not named), CONNECTION, TLS, NOT_HTTP, TIMEOUT or TOO_LARGE.
    """
