"""The operator's choice of kernels, and what the doctor says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doesnotexist.errors import InvalidParameter
from doesnotexist_stylegan2.kernels import choose
from doesnotexist_stylegan2.kernels.diagnosis import diagnosis
from doesnotexist_stylegan2.kernels.library import Library
from doesnotexist_stylegan2.kernels.setting import resolved
from doesnotexist_stylegan2.plugin import register_findings

from .networks import small_network


@pytest.fixture
def no_compiler(fresh_engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOESNOTEXIST_STORE", str(tmp_path / "store"))


def test_the_operator_is_heard_where_a_program_does_not_say(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOESNOTEXIST_KERNELS", "plain")

    assert choose(small_network(16)).name == "plain"
    assert resolved("fast") == "fast"


def test_what_is_no_kernels_is_refused_by_the_name_of_the_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOESNOTEXIST_KERNELS", "quick")

    with pytest.raises(InvalidParameter, match="DOESNOTEXIST_KERNELS"):
        resolved("auto")
    well, found, advice = diagnosis()
    assert not well
    assert "quick" in found
    assert "DOESNOTEXIST_KERNELS" in advice


def test_the_doctor_hears_what_is_used(library: Library, monkeypatch: pytest.MonkeyPatch):
    heard = []
    register_findings(lambda *finding: heard.append(finding))
    monkeypatch.setenv("DOESNOTEXIST_KERNELS", "plain")
    register_findings(lambda *finding: heard.append(finding))

    assert [(name, well, found.split(",")[0]) for name, well, found, _ in heard] == [
        ("picture kernels", True, "fast"),
        ("picture kernels", True, "plain"),
    ]


def test_without_a_compiler_all_is_well_unless_the_operator_insists(
    no_compiler: None, monkeypatch: pytest.MonkeyPatch
):
    well, found, advice = diagnosis()
    monkeypatch.setenv("DOESNOTEXIST_KERNELS", "fast")

    assert well
    assert "no C++ compiler" in found
    assert "g++" in advice
    assert not diagnosis()[0]
