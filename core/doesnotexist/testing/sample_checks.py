"""What a generator gives: the right samples, the same ones every time, within its budget."""

from __future__ import annotations

import io
import random
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

from ..errors import DoesNotExistError
from ..generator import schemas
from ..media import MIN_SIZE, PICTURE_FORMATS, as_json
from ..media_faults import MAX_MEDIA_BYTES, media_fault
from ..recipe import MAX_SEED, Recipe
from .child import ask_for_samples
from .domain_checks import other_values
from .subject import Subject, Unfit, fingerprint

if TYPE_CHECKING:
    from PIL import Image

SEEDS = (0, 1, 7, 2**31, MAX_SEED)
LONGEST_BATCH = 16  # a longer one would show no more
WIDTH = 48  # pixels; few, and not what any network gives of itself


def check_samples_are_delivered(subject: Subject) -> None:
    """Every format it offers gives bytes of that format, small enough, and facts that are JSON."""
    (sample,) = subject.sample(_recipe(subject, 7))
    try:
        as_json(sample.facts())
    except (TypeError, ValueError) as error:
        raise Unfit(f"facts() must be plain JSON data: {error}") from None
    for format in subject.generator.formats:
        data = as_json(sample.facts()) if format == "json" else sample.encode(format, None)
        fault = media_fault(format, data)
        if fault:
            raise Unfit(fault)
        if len(data) > MAX_MEDIA_BYTES:
            raise Unfit(f"{format} has {len(data)} bytes, over {MAX_MEDIA_BYTES}")


def check_size_is_honoured(subject: Subject) -> None:
    """A picture has the width that was asked for, and by itself that of its model card."""
    (sample,) = subject.sample(_recipe(subject, 7))
    for format in subject.generator.formats:
        if format not in PICTURE_FORMATS:
            sample.encode(format, MIN_SIZE)  # size may mean nothing to it, but must do no harm
            continue
        for width in (WIDTH, MIN_SIZE):
            image = _opened(sample.encode(format, width), format)
            if image.width != width:
                raise Unfit(f"{format} of size {width} is {image.width} pixels wide")
        own = _opened(sample.encode(format, None), format).width
        if subject.card and subject.card.resolution not in (0, own):
            raise Unfit(f"its card says {subject.card.resolution} pixels, {format} has {own}")


def check_seeds_matter(subject: Subject) -> None:
    """Every seed from 0 to 2³²−1 is good, and another seed is another sample."""
    prints = [subject.prints(recipe)[0] for recipe in _recipes(subject)]
    if len(set(prints)) <= len(prints) // 2:
        raise Unfit(f"{len(prints)} seeds gave {len(set(prints))} different samples")


def check_parameters_are_honoured(subject: Subject) -> None:
    """Turning a parameter changes the sample; an optional one may mean nothing to this model."""
    base = [_recipe(subject, seed) for seed in SEEDS[1:4]]
    plain = subject.prints(*base)
    for name, schema in schemas(subject.generator.params).items():
        values = [] if schema.get("optional") else other_values(schema)
        turned = ([subject.recipe(one.seed, **{name: value}) for one in base] for value in values)
        if values and all(_one_by_one(subject, recipes) == plain for recipes in turned):
            raise Unfit(f"parameter {name} changes nothing: {values} give the same samples")


def check_repeats(subject: Subject) -> None:
    """The same recipe gives the same sample again, and from a model that was loaded anew."""
    recipes = _recipes(subject)
    first = _one_by_one(subject, recipes)
    if _one_by_one(subject, recipes) != first:
        raise Unfit("the same recipe gave another sample the second time")
    again = subject.load()
    if [subject.prints(recipe, sampler=again)[0] for recipe in recipes] != first:
        raise Unfit("the same recipe gave another sample after loading anew")


def check_batches(subject: Subject) -> None:
    """A batch gives what its recipes give one by one, in their order, whatever stands beside them."""
    recipes = _recipes(subject)
    alone = dict(zip(recipes, _one_by_one(subject, recipes), strict=True))
    limit = min(subject.generator.max_batch, LONGEST_BATCH)
    for batch in (recipes, recipes[::-1], [recipes[0]] * limit, recipes[:2]):
        batch = batch[:limit]
        if subject.prints(*batch) != [alone[recipe] for recipe in batch]:
            raise Unfit(f"a batch of {len(batch)} is not what its recipes give one by one")


def check_processes(subject: Subject) -> None:
    """Another process gives the same samples."""
    seeds = list(SEEDS[:3])
    there = _elsewhere(subject, seeds)["prints"]
    if there != _one_by_one(subject, [_recipe(subject, seed) for seed in seeds]):
        raise Unfit("another process gave other samples: is something taken from the clock or from hash()?")


def check_threads(subject: Subject) -> None:
    """A model loaded in one thread samples in another, and two models at once do not mix."""
    recipes = _recipes(subject)[:3]
    expected = _one_by_one(subject, recipes)
    samplers = [subject.sampler, subject.load()]
    found: dict[int, Any] = {}

    def work(index: int) -> None:
        try:
            found[index] = [subject.prints(one, sampler=samplers[index])[0] for one in recipes]
        except Exception as error:  # the plugin wall: told by the thread that waits
            found[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(samplers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in found.values():
        if result != expected:
            told = f"raised {result!r}" if isinstance(result, Exception) else "gave other samples"
            raise Unfit(f"sampling in another thread {told}")


def check_random_is_its_own(subject: Subject) -> None:
    """It neither draws from the random generators that all share, nor reseeds them."""
    recipe = _recipe(subject, 7)
    subject.prints(recipe)  # loading may draw; only sampling must not
    before = _shared_randomness()
    first = subject.prints(recipe)
    if _shared_randomness() != before:
        raise Unfit("sampling uses a shared random generator: make one from the seed")
    _draw()
    if subject.prints(recipe) != first:
        raise Unfit("the sample depends on a shared random generator: make one from the seed")


def check_wrong_weights_are_refused(subject: Subject) -> None:
    """Bytes that are no weights raise WeightsInvalid at loading, not something at sampling."""
    _require_weights(subject)
    for what, wrong in (("noise", b"no weights at all" * 9), ("nothing", b""), ("a half", None)):
        files = {
            role: data[: len(data) // 2] if wrong is None else wrong
            for role, data in (subject.files or {}).items()
        }
        try:
            replace(subject, files=files).load()
        except DoesNotExistError:
            continue
        except Exception as error:  # the plugin wall: what load() raises is what is looked at
            raise Unfit(f"load() of {what} must raise WeightsInvalid, raised {error!r}"[:300]) from None
        raise Unfit(f"load() took {what} for weights: raise WeightsInvalid")


def check_time(subject: Subject) -> None:
    """Loading and sampling are quick enough for a visitor who waits."""
    limits = {"load_s": subject.budget.load_s, "sample_s": subject.budget.sample_s}
    seen = _elsewhere(subject, list(SEEDS[:3]))
    if any(seen[name] > limit for name, limit in limits.items()):
        again = ask_for_samples(subject, list(SEEDS[:3]))  # the machine may have been busy
        seen = {name: min(seen[name], again[name]) for name in limits}
    for name, limit in limits.items():
        if seen[name] > limit:
            raise Unfit(f"{name[:-2]} takes {seen[name]:.1f} s, over {limit:g} s")


def check_memory(subject: Subject) -> None:
    """A process that samples stays within its memory."""
    used, limit = _elsewhere(subject, list(SEEDS[:3]))["memory_bytes"], subject.budget.memory_bytes
    if used > limit:
        raise Unfit(f"a process that samples needs {used / 2**20:.0f} MB, over {limit / 2**20:.0f} MB")


def _require_weights(subject: Subject) -> None:
    if subject.card is None or subject.files is None:
        fetch = f": fetch them with `doesnotexist pull {subject.card.id}`" if subject.card else ""
        raise SkipTest(f"there are no weights here{fetch}")


def _recipe(subject: Subject, seed: int) -> Recipe:
    _require_weights(subject)
    return subject.recipe(seed)


def _recipes(subject: Subject) -> list[Recipe]:
    return [_recipe(subject, seed) for seed in SEEDS]


def _one_by_one(subject: Subject, recipes: list[Recipe]) -> list[str]:
    return [fingerprint(subject.sample(one)[0], subject.generator.formats) for one in recipes]


def _elsewhere(subject: Subject, seeds: list[int]) -> dict[str, Any]:
    """Samples from a new process; asked once for all checks of a subject."""
    _require_weights(subject)
    kept: dict[str, Any] = vars(subject).setdefault("_elsewhere", {})
    if not kept:
        try:
            kept.update(ask_for_samples(subject, seeds))
        except RuntimeError as error:
            raise Unfit(f"it cannot sample in a process of its own: {error}") from None
    return kept


def _opened(data: bytes, format: str) -> Image.Image:
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data), formats=[format])
    except OSError as error:
        raise Unfit(f"gave {format} that cannot be opened: {error}") from None


def _shared_randomness() -> list[bytes]:
    """The state of every random generator that a process shares."""
    states = [repr(random.getstate()).encode()]
    if "numpy" in sys.modules:
        import numpy as np

        states.append(repr(np.random.get_state()).encode())
        states.append(np.random.get_state(legacy=False)["state"]["key"].tobytes())
    if "torch" in sys.modules:
        states.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return states


def _draw() -> None:
    """Move the shared random generators on."""
    random.random()  # noqa: S311 - to move it, not to use it
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.rand()
    if "torch" in sys.modules:
        sys.modules["torch"].rand(1)
