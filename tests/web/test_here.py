"""What a view may ask for."""

from __future__ import annotations

import pytest

from doesnotexist.errors import QueueFull
from doesnotexist_web import here
from doesnotexist_web.app import create_app


def test_only_so_many_wait_for_media(zoo):
    with create_app(zoo, places=2).app_context():
        with here.room(), here.room(), pytest.raises(QueueFull, match="2 requests"), here.room():
            pass
        with here.room():
            pass


def test_a_place_is_given_back_after_an_error(zoo):
    with create_app(zoo, places=1).app_context():
        with pytest.raises(RuntimeError), here.room():
            raise RuntimeError("failed")
        with here.room():
            pass


def test_lists_are_answered_while_nobody_else_may_wait(zoo):
    app = create_app(zoo, places=1)
    client, host = app.test_client(), {"HTTP_HOST": "zoo.test"}
    with app.app_context(), here.room():
        refused = client.get("/generate/blots?seed=7", environ_overrides=host)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert client.get("/models", environ_overrides=host).status_code == 200
