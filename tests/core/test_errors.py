import ast
import copy
import inspect
import pickle
import re

from doesnotexist import errors


def _classes():
    found = vars(errors).values()
    return [c for c in found if inspect.isclass(c) and issubclass(c, errors.DoesNotExistError)]


def test_the_drawn_tree_is_the_real_one():
    drawn = re.findall(r"^ {4}([│├└─ ]*)([A-Z]\w+)(?: {2,}.*)?$", errors.__doc__, re.MULTILINE)
    parents: list[str] = []
    for branch, name in drawn:
        depth = len(branch) // 4
        assert getattr(errors, name).__base__.__name__ == (parents[depth - 1] if depth else "Exception")
        parents[depth:] = [name]
    assert {name for _, name in drawn} == {c.__name__ for c in _classes()}


def test_every_class_has_its_sentence():
    tree = ast.parse(inspect.getsource(errors))
    assert all(ast.get_docstring(node) for node in tree.body if isinstance(node, ast.ClassDef))


def test_what_a_stranger_sent_is_quoted_short_and_plain():
    nasty = "\x1b[31m\r\n\u202e" + "x" * 10_000
    text = str(errors.InvalidParameter("seed", "a number", nasty))
    assert len(text) < 120
    assert text.replace("…", "").isascii()
    assert text.isprintable()


def test_errors_travel_between_processes():
    error = errors.QueueFull(7, retry_after_s=3)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(again) is errors.QueueFull
        assert (str(again), again.depth, again.retry_after_s) == (str(error), 7, 3)
