"""The stories of install, uninstall and sync, with an installer that only notes what it is told."""

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.author import installation
from doesnotexist.author.installers import Change, Installer, Pip, find_installer
from doesnotexist.author.record import Record
from doesnotexist.author.wheels import look
from doesnotexist.errors import InstallRefused
from doesnotexist.plugins import Plugins


class Notes(Installer):
    name = "notes"

    def __init__(self):
        super().__init__()
        self.told = []

    def fetch(self, request, folder):
        raise InstallRefused(request.text, "there is no index here")

    def changes(self, wheels):
        return [
            Change("doesnotexist-dogs", "1.0"),
            Change("numpy", "1.26", "2.4", "BSD-3-Clause", 18_300_000),
        ]

    def install(self, wheels, again=False):
        self.told.append(("install", [path.name for path in wheels]))

    def uninstall(self, names):
        self.told.append(("uninstall", list(names)))


@pytest.fixture
def zoo(tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("format: 1\nmodels: []\n")
    with Zoo(Settings.read({}, store=tmp_path, registry=empty), Plugins(frozenset({"faces"}))) as zoo:
        yield zoo


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path / "record")


@pytest.fixture
def states(monkeypatch):
    """What the zoo says of the new plugins, as a process of its own would tell."""
    found = []
    monkeypatch.setattr(installation.fresh, "states", lambda limit_s: found)
    return found


def state(kind, distribution="doesnotexist-dogs"):
    return {"distribution": distribution, "state": kind, "reason": "1 / 0", "file": "dogs/__init__.py:3"}


def test_look_show_install_check_record(zoo, record, wheel, states):
    shown = []
    notes = Notes()
    path = wheel()
    states.append(state("ready"))
    (done,) = installation.install(
        [str(path)], zoo, notes, record, lambda p: shown.extend(p.lines()) or True, False
    )
    assert done.name == "doesnotexist-dogs"
    assert notes.told == [("install", [path.name])]
    (entry,) = record.entries()
    assert record.wheel(entry).read_bytes() == path.read_bytes()
    assert "licence: MIT" in shown[0]
    assert "with it  numpy 2.4 → 1.26   18.3 MB   licence: BSD-3-Clause" in shown
    assert "to fetch 18.3 MB, as far as sizes are told" in shown
    assert "other plugins may rely on them" in shown[-1]


def test_no_means_nothing_happens(zoo, record, wheel):
    notes = Notes()
    assert installation.install([str(wheel())], zoo, notes, record, lambda plan: False, False) == ()
    assert (notes.told, record.entries()) == ([], [])


@pytest.mark.parametrize("kind", ["broken", "conflict", "incompatible"])
def test_a_plugin_that_cannot_be_used_is_removed_again(zoo, record, wheel, states, kind):
    notes = Notes()
    states += [state("broken", "somebody-elses"), state(kind)]
    with pytest.raises(InstallRefused, match=rf"{kind}: 1 / 0 \(dogs/__init__.py:3\); it was removed again"):
        installation.install([str(wheel())], zoo, notes, record, lambda plan: True, False)
    assert notes.told[-1] == ("uninstall", ["doesnotexist-dogs"])
    assert record.entries() == []


def test_the_version_before_is_put_back(zoo, record, wheel, states):
    record.add(look(wheel(version="0.9")))
    states.append(state("broken"))
    notes = Notes()
    with pytest.raises(InstallRefused, match="removed again"):
        installation.install([str(wheel())], zoo, notes, record, lambda plan: True, False)
    assert notes.told[-1] == ("install", ["doesnotexist_dogs-0.9-py3-none-any.whl"])
    assert [entry.version for entry in record.entries()] == ["0.9"]


@pytest.mark.parametrize(
    "source", ["import os; os._exit(0)", "import os; os._exit(3)", "import time; time.sleep(99)"]
)
def test_a_plugin_that_ends_the_zoo_is_removed_again(zoo, record, wheel, monkeypatch, tmp_path, source):
    (tmp_path / "doesnotexist_dogs.py").write_text(source)
    info = tmp_path / "doesnotexist_dogs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: doesnotexist-dogs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[doesnotexist]\ndogs = doesnotexist_dogs\n")
    path = wheel()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(installation, "START_S", 3 if "sleep" in source else 60)
    notes = Notes()
    with pytest.raises(
        InstallRefused, match=r"the zoo (does not start|has not started) with it.*removed again"
    ):
        installation.install([str(path)], zoo, notes, record, lambda plan: True, False)
    assert notes.told[-1] == ("uninstall", ["doesnotexist-dogs"])


def test_what_comes_with_the_zoo_needs_no_package(zoo, record):
    for text in ("doesnotexist-faces", "Doesnotexist_Faces==9.9"):
        with pytest.raises(InstallRefused, match="comes with the zoo itself"):
            installation.install([text], zoo, Notes(), record, pytest.fail, True)


def test_a_domain_that_is_taken_is_refused_before_anything_is_shown(zoo, record, wheel):
    path = wheel(entries="[doesnotexist]\nfaces = doesnotexist_dogs\n")
    with pytest.raises(InstallRefused, match="'faces' is taken by doesnotexist"):
        installation.install([str(path)], zoo, Notes(), record, pytest.fail, False)


def test_a_new_version_takes_the_place_of_the_old_one(record, wheel):
    record.add(look(wheel(version="1.0")))
    record.add(look(wheel(version="1.1")))
    (entry,) = record.entries()
    assert entry.version == "1.1"


def test_sync_puts_the_very_same_files_back(record, wheel):
    notes = Notes()
    assert installation.sync(notes, record) == []
    record.add(look(wheel()))
    assert installation.sync(notes, record) == ["doesnotexist-dogs 1.0"]
    assert notes.told == [("install", ["doesnotexist_dogs-1.0-py3-none-any.whl"])]
    (entry,) = record.entries()
    (record.folder / entry.wheel).write_bytes(b"other")
    with pytest.raises(InstallRefused, match="damaged or gone"):
        installation.sync(notes, record)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plugins": [{"name": 1}]}', '{"plugins": 7}'])
def test_a_damaged_record_is_told(record, text):
    record.folder.mkdir()
    (record.folder / "plugins.json").write_text(text)
    with pytest.raises(InstallRefused, match="damaged"):
        record.entries()


def test_what_is_recorded_but_gone_is_forgotten(record, wheel):
    notes = Notes()
    record.add(look(wheel()))
    assert installation.uninstall(["Doesnotexist_Dogs"], notes, record, lambda names: True)
    assert (notes.told, record.entries(), list(record.folder.glob("*.whl"))) == ([], [], [])


@pytest.mark.parametrize("name", ["faces", "doesnotexist", "numpy", "unicorns"])
def test_only_plugins_of_others_are_removed(record, name):
    with pytest.raises(InstallRefused):
        installation.uninstall([name], Notes(), record, pytest.fail)


def test_pip_or_uv_or_what_to_do(monkeypatch):
    from doesnotexist.author import installers

    assert isinstance(find_installer(), Pip)
    monkeypatch.setattr(installers, "find_spec", lambda name: None)
    monkeypatch.setattr(installers.shutil, "which", lambda name: "/bin/uv")
    assert find_installer().name == "uv"
    monkeypatch.setattr(installers.shutil, "which", lambda name: None)
    with pytest.raises(InstallRefused, match="-m ensurepip"):
        find_installer()


def test_the_last_words_of_an_installer_are_told(tmp_path):
    pip = Pip(offline=True)
    path = tmp_path / "no_such-1.0-py3-none-any.whl"
    with pytest.raises(InstallRefused, match="ERROR: "):
        pip.changes([path])


def test_install_asks_where_nobody_can_answer(run, wheel):
    done = run("install", wheel(), "--offline", XDG_DATA_HOME="nowhere")
    assert done.returncode == 2
    assert "a terminal to ask on, or --yes" in done.stderr
