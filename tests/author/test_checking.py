import json

import pytest


def verdicts(done):
    return {
        (row["plugin"], row["check"]): row["verdict"] for row in map(json.loads, done.stdout.splitlines())
    }


def test_a_folder_is_checked_before_it_is_installed(run, generated):
    folder = generated("night-skies", "custom")
    done = run("check", f"./{folder.name}", "--json")
    found = verdicts(done)
    assert done.returncode == 0, done.stderr
    assert len(found) == 20
    assert set(found.values()) == {"kept", "skipped"}


def test_a_broken_promise_ends_with_3(run, generated):
    folder = generated("night-skies", "custom")
    source = folder / "doesnotexist_night_skies" / "__init__.py"
    text = source.read_text().replace("RandomState(recipe.seed)", "RandomState(1)")
    source.write_text(f"{text}\nimport rdkit\n")
    done = run("check", f"./{folder.name}")
    assert done.returncode == 3
    assert "✗ night-skies: import is light              its import brings rdkit" in done.stdout
    assert "5 seeds gave 1 different samples" in done.stdout
    assert done.stderr == "doesnotexist: 2 broken promises\n"


@pytest.mark.parametrize("source", ["1 / 0", "from doesnotexist import hookimpl", "raise SystemExit(7)"])
def test_what_cannot_even_be_imported_is_told(run, generated, source):
    folder = generated("night-skies", "custom")
    (folder / "doesnotexist_night_skies" / "__init__.py").write_text(source)
    done = run("check", f"./{folder.name}")
    assert done.returncode == (3 if source != "from doesnotexist import hookimpl" else 0)
    assert "Traceback" not in done.stderr


def test_our_own_are_checked_by_name_domain_or_package(run):
    for name in ("stylegan2", "web"):  # they bring no domain, so only the plugin is checked
        found = verdicts(run("check", name, "--json"))
        assert {owner for owner, _ in found} == {name}
        assert len(found) == 4
        assert set(found.values()) == {"kept"}


def test_a_name_that_nobody_has(run):
    done = run("check", "unicorns")
    assert done.returncode == 2
    assert "plugin: expected an installed one (" in done.stderr
    done = run("check", ".")
    assert done.returncode == 3  # no pyproject.toml
