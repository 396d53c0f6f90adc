"""Which media type answers and questions have (G1, G3)."""

from __future__ import annotations

import pytest

from gateway.http.negotiation import Media, answer_media, is_json_in_utf8

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
RESPONSE, JSON, HTML = Media.RESPONSE, Media.JSON, Media.HTML


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("Application/JSON; Charset=UTF-8", JSON),
        ("application/graphql-response+json", RESPONSE),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", RESPONSE),
        ("application/json, application/graphql-response+json", RESPONSE),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
        ("application/graphql-response+json, application/json;q=0.9, */*;q=0.1", RESPONSE),
        ("application/json;q=0, */*", RESPONSE),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/plain", None),
        ("text/*", None),
        ("image/png, */*;q=0.1", JSON),
        ("application/json; charset=iso-8859-1", None),
        ("application/json;q=nonsense", None),
        ("application/json;q=2", None),
        ("nonsense", None),
        (",,,", None),
        (BROWSER, HTML),
        ("text/html;q=0.1, application/json", JSON),
    ],
)
def test_answer_media(accept: str | None, media: Media | None) -> None:
    assert answer_media(accept.encode() if accept is not None else None, True) is media


def test_without_a_page_browsers_get_json() -> None:
    assert answer_media(BROWSER.encode(), False) is JSON
    assert answer_media(b"text/html", False) is None


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        (None, False),
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('APPLICATION/JSON;CHARSET="UTF-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/json, text/plain", False),
        ("text/plain", False),
        ("text/plain; x=application/json", False),
        ("text/application/json", False),
        ("application/graphql", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("", False),
    ],
)
def test_question_media(content_type: str | None, accepted: bool) -> None:
    assert is_json_in_utf8(content_type.encode() if content_type is not None else None) is accepted
