"""Each fence of a confined process, tried from inside; and the parent that survives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import doesnotexist
from doesnotexist import confinement

ROOTS = [str(Path(doesnotexist.__file__).parents[1])]
PATH = "import sys; sys.path[:0] = [root for root in sys.argv[1:] if root not in sys.path]; "
LOCKED = PATH + "from doesnotexist import confinement; "


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


def test_what_its_libraries_report_and_need_can_be_allowed():
    done = run("import os; confinement.lock('os.list'); os.listdir('/'); print(1); os.remove('x')")
    assert (done.stdout, "may not do os.remove" in done.stderr) == ("1\n", True)


def test_a_locked_process_still_computes():
    done = run("import os; confinement.lock(); os.write(1, 'é'.encode('latin-1').decode('latin-1').encode())")
    assert (done.returncode, done.stdout) == (0, "é")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")
def test_memory_is_limited():
    done = run("confinement.enter(2 << 30, 9, 0); b = bytearray(3 << 30)")
    assert "MemoryError" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_limits_are_never_raised():
    done = run(
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5)); confinement.enter(2 << 30, 9, 0); "
        "print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    assert done.stdout.split() == ["(5,", "5)", "0"]


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_namespace_of_its_own_has_no_network():
    """Not everywhere allowed; where it is, not even this machine's own address can be reached."""
    with __import__("socket").create_server(("127.0.0.1", 0)) as server:
        done = run(
            "import socket; left = confinement.enter(2 << 30, 9, 0); "
            f"s = socket.socket(); e = s.connect_ex(('127.0.0.1', {server.getsockname()[1]})); print(left, e)"
        )
    left, error = done.stdout.split()
    assert (left == "False") == (error == "0")


@pytest.mark.parametrize(
    ("code", "report", "how"),
    [
        ("import os; os.abort()", None, "Aborted"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", None, "Segmentation fault"),
        ("import sys; sys.exit(7)", None, "exit code 7"),
        ("import os; os.write(2, b'[1]')", None, "exit code 0"),
        ("import os; os.write(2, b'[' * 100_000)", None, "exit code 0"),
        ("import os; os.write(2, b'noise {\\n' + b'{}')", {}, "exit code 0"),
        ("import os; [os.write(2, b'x' * 2**20) for _ in range(9)]", None, "exit code 0"),
        ("import time; time.sleep(60)", None, "not done within 2 s"),
        ("while True: pass", None, "not done within 2 s"),
    ],
)
def test_the_parent_survives_whatever_it_does(code, report, how, monkeypatch):
    monkeypatch.setattr(confinement, "_START", code)

    ended = confinement.run([doesnotexist], "none", stdin=b"x" * 10**6, wall_s=2)

    assert (ended.report, ended.how) == (report, how)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_what_it_says_without_end_is_cut_by_the_system(monkeypatch):
    endless = "import os; from doesnotexist.confinement import enter; enter(2 << 30, 9, 2**20)\n"
    endless += "while True: os.write(2, b'x' * 2**16)"
    monkeypatch.setattr(confinement, "_START", PATH.replace("sys.argv[1:]", "sys.argv[1:2]") + endless)

    ended = confinement.run([doesnotexist], "none", stdin=b"", wall_s=20)

    assert (ended.report, ended.failed) == (None, True)
    assert ended.how != "not done within 20 s"
