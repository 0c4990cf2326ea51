"""This Dog Does Not Exist: a domain of pictures imagined by a StyleGAN2.

Its models are in the zoo's own registry, `dogs/afhq-512-pt` first, so there is nothing to register but
the generator. A plugin with weights of its own brings a registry.yaml: see `doesnotexist new`.
"""

from collections.abc import Callable

from doesnotexist import Generator, hookimpl
from doesnotexist_stylegan2.pictures import StyleGAN2Pictures


class Dogs(StyleGAN2Pictures):
    """Seeds → dogs; the weights' file says its own architecture."""

    domain, noun, title = "dogs", "dog", "This Dog Does Not Exist"
    api_version = 1


@hookimpl
def register_generators(register: Callable[[Generator], None]) -> None:
    register(Dogs())
