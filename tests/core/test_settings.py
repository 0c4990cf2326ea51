import re
from pathlib import Path

import pytest

from doesnotexist import Settings
from doesnotexist.errors import InvalidParameter


def test_environment_then_arguments():
    environment = {"DOESNOTEXIST_PORT": "9000", "DOESNOTEXIST_HOST": "0.0.0.0", "PORT": "1"}
    settings = Settings.read(environment, port=9001, base_domain=None)
    assert (settings.host, settings.port, settings.base_domain) == ("0.0.0.0", 9001, "localhost")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", "65536"),
        ("BASE_DOMAIN", "http://x"),
        ("DEVICE", "tpu"),
        ("DEVICE", "cpu,auto"),
        ("DEADLINE_S", "0"),
        ("WORKERS", "fork"),
        ("OVERLOAD", "panic"),
        ("POOL_BYTES", "many"),
        ("POOL_BYTES", "-1"),
        ("PROXIES", "-1"),
        ("RATE_LIMIT", "some"),
        ("LOG", "loud"),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(InvalidParameter) as caught:
        Settings.read({f"DOESNOTEXIST_{name}": value})
    assert caught.value.field == name.lower()


def test_bytes_as_people_write_them():
    settings = Settings.read({"DOESNOTEXIST_POOL_BYTES": "64MiB", "DOESNOTEXIST_MODEL_BYTES": "1000"})
    assert (settings.pool_bytes, settings.model_bytes) == (64 * 2**20, 1000)


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:1", "cuda:0,cuda:1", "cpu,cpu"])
def test_devices(device):
    assert Settings.read({"DOESNOTEXIST_DEVICE": device}).device == device


def test_every_setting_stands_in_the_readme():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name in Settings.model_fields:
        assert re.search(rf"`DOESNOTEXIST_{name.upper()}`", readme), name


def test_hosts_as_they_stand_in_a_variable():
    settings = Settings.read({"DOESNOTEXIST_HOSTS": "This-Cat.example: cats, this-face.example:faces"})
    assert settings.hosts == {"this-cat.example": "cats", "this-face.example": "faces"}


@pytest.mark.parametrize(
    "text",
    [
        "this-cat.example",
        "cats:",
        "a.example: Cats",
        "a.example: cats, a.example: faces",
        "a b.example: cats",
    ],
)
def test_hosts_that_are_none(text):
    with pytest.raises(InvalidParameter, match=r"hosts: .*this-cat\.example: cats"):
        Settings.read({"DOESNOTEXIST_HOSTS": text})


def test_fewer_replicas_at_most_than_at_least_are_refused():
    with pytest.raises(InvalidParameter, match="max_replicas"):
        Settings.read({"DOESNOTEXIST_MIN_REPLICAS": "2"})


@pytest.mark.parametrize("missing", ["ray", "uvicorn"])
def test_ray_or_its_serve_that_is_not_installed_is_asked_for(monkeypatch, missing):
    monkeypatch.setattr("doesnotexist.settings.find_spec", lambda name: name != missing)
    with pytest.raises(InvalidParameter, match=r"pip install 'doesnotexist\[ray\]'"):
        Settings.read({"DOESNOTEXIST_WORKERS": "ray"})
    monkeypatch.setattr("doesnotexist.settings.find_spec", lambda name: True)
    assert Settings.read({"DOESNOTEXIST_WORKERS": "ray"}).workers == "ray"
