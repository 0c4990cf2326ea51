"""This Person Does Not Exist: a domain of the StyleGAN2 plugin."""

from collections.abc import Callable

from doesnotexist import Generator, hookimpl
from doesnotexist_stylegan2.pictures import StyleGAN2Pictures


class Faces(StyleGAN2Pictures):
    domain, noun, title = "faces", "person", "This Person Does Not Exist"


@hookimpl
def register_generators(register: Callable[[Generator], None]) -> None:
    register(Faces())
