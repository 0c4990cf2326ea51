import pytest

from doesnotexist.author.requests import parse
from doesnotexist.errors import InstallRefused, InvalidParameter

KNOWN = {"doesnotexist-dogs"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "doesnotexist-owls").mkdir()
    (tmp_path / "doesnotexist-owls" / "pyproject.toml").touch()
    (tmp_path / "x.whl").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_three_kinds(here):
    assert parse("./doesnotexist-owls", KNOWN).kind == "folder"
    assert parse(str(here / "doesnotexist-owls"), KNOWN).text == str(here / "doesnotexist-owls")
    assert parse("x.whl", KNOWN).kind == "wheel"
    assert parse("doesnotexist-dogs", KNOWN).kind == "name"
    assert parse("doesnotexist-dogs==1.0.post1", KNOWN).text == "doesnotexist-dogs==1.0.post1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--index-url=evil",
        "-e",
        "git+ssh://evil",
        "https://evil.example/x.whl",
        "doesnotexist-dogs>=1",
        "doesnotexist-dogs[all]",
        "doesnotexist-dogs @ file:evil",
        "dogs; evil",
        "dogs\nevil",
        "döner",
        "./nowhere",
        "nowhere.whl",
        "a" * 200,
    ],
)
def test_what_is_none_of_them(text):
    with pytest.raises(InvalidParameter):
        parse(text, KNOWN)


def test_slips_are_refused_unless_meant():
    with pytest.raises(InstallRefused, match="slip for doesnotexist-dogs"):
        parse("doesnotexist-dog", KNOWN)
    assert parse("doesnotexist-dog", KNOWN, as_typed=True).text == "doesnotexist-dog"


def test_a_bare_name_of_a_folder_that_is_here():
    with pytest.raises(InstallRefused, match=r"write \./doesnotexist-owls"):
        parse("doesnotexist-owls", KNOWN)


def test_the_zoo_itself_is_no_plugin():
    with pytest.raises(InstallRefused, match="the zoo itself"):
        parse("DoesNotExist", KNOWN)
