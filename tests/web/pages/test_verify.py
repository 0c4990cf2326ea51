"""A file that a visitor brings: looked at, answered in their own way, and bounded in every way."""

from __future__ import annotations

import io
import socket
import threading
import time

import numpy as np
import pytest
from PIL import Image

from doesnotexist.inspection.verdicts import MAX_BYTES
from doesnotexist_web.app import create_app
from doesnotexist_web.pages import verify

HOST = {"Host": "blots.zoo.test"}
HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def picture(client):
    return client.get("/image.png?seed=7", headers=HOST).data


def post(client, data, **headers):
    return client.post("/verify", data=data, headers={**HOST, **headers})


def test_a_picture_saved_from_the_site_is_valid_there(client, picture):
    report = post(client, picture, **JSON).json

    assert report["verdict"] == "valid"
    assert report["says"]["seed"] == "7"
    assert report["digital_source_type"].endswith("trainedAlgorithmicMedia")


def test_the_form_takes_a_file_and_answers_as_a_page(client, picture):
    assert b'enctype="multipart/form-data"' in client.get("/verify", headers=HOST).data
    form = {"file": (io.BytesIO(picture), "a picture.png")}

    answer = client.post("/verify", data=form, headers={**HOST, **HTML})

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert 'data-verdict="valid"' in answer.text


def test_a_program_without_wishes_gets_lines(client, picture):
    answer = post(client, picture)

    assert answer.mimetype == "text/plain"
    assert answer.text.splitlines()[0] == "valid"


def test_a_changed_pixel_is_broken_and_a_stripped_mark_unknown(client, picture):
    from doesnotexist import Picture
    from doesnotexist.provenance.containers import into_png
    from doesnotexist.provenance.marks import xmp_of

    painted = np.array(Image.open(io.BytesIO(picture)).convert("RGB"))
    painted[0, 0] ^= 1
    bare = Picture(painted).encode("png", None)

    assert post(client, into_png(bare, xmp_of(picture, "png")), **JSON).json["verdict"] == "broken"
    assert post(client, bare, **JSON).json["verdict"] == "unknown"


def test_nothing_of_it_is_kept_by_anybody(client, picture):
    answer = post(client, picture, **JSON)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_a_large_form_does_not_touch_the_disk(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    for place in ("tempfile.TemporaryFile", "tempfile.SpooledTemporaryFile", "tempfile.mkstemp"):
        monkeypatch.setattr(place, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="zeros"\r\n\r\n'
    body = head + bytes(3_000_000) + b"\r\n--x--\r\n"

    answer = post(client, body, **JSON, **{"Content-Type": "multipart/form-data; boundary=x"})

    assert answer.json["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"", {}, 400),
        (b"no form", {"Content-Type": "multipart/form-data; boundary=x"}, 400),
        (b"no form", {"Content-Type": "multipart/form-data"}, 400),
        (b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n', "form", 400),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 50 + b"--x--\r\n", "form", 413),
        (bytes(MAX_BYTES + 20_000), {}, 413),
        (bytes(MAX_BYTES + 1), {}, 200),
    ],
)
def test_what_is_no_file_or_too_much_of_one(client, data, headers, status):
    if headers == "form":
        headers = {"Content-Type": "multipart/form-data; boundary=x"}

    assert post(client, data, **headers).status_code == status


@pytest.mark.parametrize("path", ["/", "/image", "/about", "/models", "/generate/blots", "/nowhere"])
def test_long_bodies_are_for_this_page_alone(client, path):
    assert client.get(path, headers=HOST, data=bytes(100_000)).status_code == 413


@pytest.mark.parametrize("path", ["/", "/image", "/about", "/models", "/healthz"])
def test_no_other_page_can_be_posted_to(client, path):
    assert client.post(path, headers=HOST, data=b"x").status_code == 405


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_this_one_can_be_posted_to_and_no_more(client, method):
    assert getattr(client, method)("/verify", headers=HOST).status_code == 405


HOSTILE = b"<script>alert(1)</script>{{ 7*7 }}"


def test_what_a_stranger_wrote_is_text_on_the_page(client, picture):
    from doesnotexist.provenance.xmp import _quoted

    quoted = _quoted(HOSTILE.decode()).encode()
    start = picture.index(b'doesnotexist:generator="')
    end = picture.index(b'"', start + 24)
    from doesnotexist import Picture
    from doesnotexist.provenance.containers import into_png
    from doesnotexist.provenance.marks import xmp_of

    xmp = xmp_of(picture, "png").replace(picture[start + 23 : end + 1], quoted)
    bare = Picture(np.array(Image.open(io.BytesIO(picture)).convert("RGB"))).encode("png", None)

    page = post(client, into_png(bare, xmp), **HTML).data

    assert b"&lt;script&gt;alert(1)" in page
    assert b"<script>alert" not in page
    assert b"{{ 7*7 }}" in page


def test_more_than_a_few_at_a_time_are_asked_to_come_again(app, client, picture):
    places = app.extensions["doesnotexist.inspectors"]
    for _ in range(verify.AT_ONCE):
        assert places.free.acquire(blocking=False)
    try:
        answer = post(client, picture)
    finally:
        for _ in range(verify.AT_ONCE):
            places.free.release()

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert post(client, picture).status_code == 200


def test_it_does_not_tell_the_places_of_files(client, moods):
    host = {"Host": "moods.zoo.test"}
    data = client.get("/image.png?seed=7", headers=host).data
    moods.error = OSError("cannot read /home/somebody/weights/mood.bin")

    report = client.post("/verify", data=data, headers={**host, **JSON}).json

    assert "could not be made again" in report["findings"][1]["told"]
    assert "cannot read" in report["findings"][1]["told"]
    assert "somebody" not in str(report["findings"])


def test_it_is_no_oracle_for_files_or_models_of_this_machine(client, picture, zoo):
    text = post(client, picture).text

    assert str(zoo.store.root) not in text


@pytest.fixture
def served(zoo):
    from waitress import create_server

    server = create_server(
        create_app(zoo), host="127.0.0.1", port=0, threads=4, max_request_body_size=200_000
    )
    threading.Thread(target=server.run, daemon=True).start()
    yield server.effective_port
    server.close()


def test_half_an_upload_costs_nobody_anything(served):
    head = b"POST /verify HTTP/1.1\r\nHost: blots.zoo.test\r\nContent-Length: 100000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", served), 5) for _ in range(20)]
    for one in slow:
        one.sendall(head + b"half")
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", served), 5) as quick:
        quick.sendall(b"GET /healthz HTTP/1.1\r\nHost: zoo.test\r\nConnection: close\r\n\r\n")
        answer = quick.recv(100)

    assert b"200 OK" in answer
    assert time.monotonic() - begun < 2
    for one in slow:
        one.close()
