"""Each fence of the reading process, tried from inside, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import doesnotexist
import doesnotexist_stylegan2

ROOTS = [str(Path(package.__file__).parents[1]) for package in (doesnotexist, doesnotexist_stylegan2)]
PATH = "import sys; sys.path[:0] = [root for root in sys.argv[1:] if root not in sys.path]; "
LOCKED = PATH + "from doesnotexist_stylegan2.convert import confinement; "


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", LOCKED + code, *ROOTS], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "deed",
    [
        "open('/etc/passwd')",
        "open('PWNED', 'w')",
        "import wave",
        "exec('1')",
        "eval('1')",
        "compile('1', 'x', 'eval')",
        "os.system('true')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.listdir('/')",
        "os.remove('x')",
        "socket.socket()",
        "subprocess.Popen(['true'])",
        "ctypes.CDLL(None)",
        "pickle.loads(b'cos\\nsystem\\n.')",
        "marshal.loads(b'N')",
        "sys.settrace(None)",
    ],
)
def test_a_locked_process_refuses(deed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    imports = "import os, socket, subprocess, ctypes, pickle, marshal; "
    done = run(f"{imports}confinement.lock(); {deed}; os.write(1, b'done')")
    assert done.returncode
    assert "may not do" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_locked_process_still_computes():
    done = run("import os; confinement.lock(); os.write(1, 'é'.encode('latin-1').decode('latin-1').encode())")
    assert (done.returncode, done.stdout) == (0, "é")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")
def test_memory_is_limited():
    done = run("confinement.limit(0); b = bytearray(3 << 30)")
    assert "MemoryError" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_limits_are_never_raised():
    done = run(
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5)); confinement.limit(0); "
        "print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    assert done.stdout.split() == ["(5,", "5)", "0"]


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_namespace_of_its_own_has_no_network():
    """Not everywhere allowed; where it is, not even this machine's own address can be reached."""
    with __import__("socket").create_server(("127.0.0.1", 0)) as server:
        done = run(
            "import socket; left = confinement.leave_network(); "
            f"s = socket.socket(); e = s.connect_ex(('127.0.0.1', {server.getsockname()[1]})); print(left, e)"
        )
    left, error = done.stdout.split()
    assert (left == "False") == (error == "0")
