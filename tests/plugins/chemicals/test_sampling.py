"""A seed is a molecule: whoever draws beside it, however many, in whatever order, in whatever process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest

from doesnotexist.errors import BadSample
from doesnotexist_chemicals import drafts, sampling
from doesnotexist_chemicals.chemistry import parse, verdict
from doesnotexist_chemicals.drafts import LAST_TEMPERATURE, Draft, Verdict, Writer, complete
from doesnotexist_chemicals.grammar import Prefix
from doesnotexist_chemicals.network import Cache, Floats, Ids, Network
from doesnotexist_chemicals.sampling import FLOOR, GUARD, MoleculeSampler
from doesnotexist_chemicals.tokens import END, Vocabulary, split

SEEDS = list(range(300))
ONE = np.ones(1)


def always(smiles: str) -> str | None:
    return None


def draw(writer: Writer, seeds: Iterable[int], verdict: Verdict, temperature: float = 1.0) -> list[Draft]:
    return drafts.draw(writer, [(seed, temperature) for seed in seeds], verdict)


def test_alone_batched_and_shuffled_are_the_same(sampler: MoleculeSampler) -> None:
    alone = {seed: draw(sampler, [seed], always)[0].smiles for seed in SEEDS}
    shuffled = [*np.random.default_rng(0).permutation(SEEDS).tolist(), 2**32 - 1]
    other = dict(zip(shuffled, draw(sampler, shuffled, always), strict=True))

    assert list(alone.values()) == [draft.smiles for draft in draw(sampler, SEEDS, always)]
    assert all(other[seed].smiles == alone[seed] for seed in SEEDS)
    assert len(set(alone.values())) > 290


def test_redrawing_does_not_depend_on_the_neighbours(sampler: MoleculeSampler) -> None:
    """A door that refuses most: every seed goes on in its own stream."""

    def picky(smiles: str) -> str | None:
        return None if "F" in smiles else "no fluorine"

    together = draw(sampler, range(40), picky)

    assert max(draft.attempts for draft in together) > 3
    for seed, draft in enumerate(together[:10]):
        (alone,) = draw(sampler, [seed], picky)
        assert (alone.smiles, alone.refusals) == (draft.smiles, draft.refusals)


def test_another_process_with_other_threads_draws_the_same(sampler: MoleculeSampler) -> None:
    code = (
        "from importlib import resources\n"
        "from doesnotexist_chemicals import weights\n"
        "from doesnotexist_chemicals.drafts import draw\n"
        "from doesnotexist_chemicals.sampling import MoleculeSampler\n"
        "file = resources.files('doesnotexist_chemicals') / 'weights' / 'moses-gpt.safetensors'\n"
        "s = MoleculeSampler(*weights.read(file.read_bytes()))\n"
        "print('\\n'.join(d.smiles for d in draw(s, [(n, 1.0) for n in range(8)], lambda smiles: None)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert told.splitlines() == [draft.smiles for draft in draw(sampler, range(8), always)]


def test_the_guard_is_wide_enough(sampler: MoleculeSampler) -> None:
    """The cumulative sums of float32 stay within a tenth of the guard of those of float64."""
    worst = 0.0
    for draft in draw(sampler, range(20), always):
        tokens = [END, *sampler.vocabulary.encode([draft.smiles])[0].tolist()]
        for length in range(1, len(tokens)):
            single, double = (
                net.after(tokens[:length])[None] for net in (sampler.network, sampler.network.exact)
            )
            sums, exact = (sampling._shares(logits, ONE, FLOOR).cumsum() for logits in (single, double))
            worst = max(worst, float(np.abs(sums - exact).max()))

    assert worst < GUARD / 10


def test_a_network_with_wrong_last_bits_draws_the_same(
    sampler: MoleculeSampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another processor does to the logits, exaggerated, changes no molecule."""
    expected = [draft.smiles for draft in draw(sampler, range(60), always)]
    step, noise = sampler.network.step, np.random.RandomState(0)

    def noisy(tokens: Ids, cache: Cache) -> Floats:
        logits = step(tokens, cache)
        return logits + 1e-5 * noise.randn(*logits.shape)

    monkeypatch.setattr(sampler.network, "step", noisy)

    assert [draft.smiles for draft in draw(sampler, range(60), always)] == expected


def test_what_is_hardly_possible_is_never_drawn() -> None:
    """All tokens lose the same of their probability; those with less than that have none."""
    likely = np.array([1.0, 0.5, 2 * FLOOR, FLOOR / 2])
    shares = sampling._shares(np.log(likely)[None], ONE, FLOOR)[0]
    left = np.array([1 - FLOOR, 0.5 - FLOOR, FLOOR, 0.0])

    assert shares == pytest.approx(left / left.sum())
    assert shares[3] == 0
    assert sampling._shares(np.log(likely)[None], ONE)[0] == pytest.approx(likely / likely.sum())


def test_masked_draws_obey_the_grammar(network: Network, vocabulary: Vocabulary) -> None:
    """Even an untrained network writes no open ring and no sixth bond."""
    for draft in draw(MoleculeSampler(network, vocabulary), range(20), always):
        state = Prefix().extended(split(draft.smiles))
        assert state is not None
        assert state.complete


def test_raw_draws_come_as_they_are(network: Network, vocabulary: Vocabulary) -> None:
    raw = list(MoleculeSampler(network, vocabulary, masked=False).raw(range(50)))

    assert len(raw) == 50
    assert sum(parse(smiles) is not None for smiles in raw) < 25


def test_what_the_door_refuses_is_counted_and_never_given(sampler: MoleculeSampler) -> None:
    drawn = draw(sampler, range(100), verdict)

    assert all(verdict(draft.smiles) is None for draft in drawn)
    refusals = [reason for draft in drawn for reason in draft.refusals]
    assert sum(draft.attempts for draft in drawn) == 100 + len(refusals)
    assert 0 < len(refusals) < 100


def test_a_door_that_never_opens_is_an_error(network: Network, vocabulary: Vocabulary) -> None:
    with pytest.raises(BadSample, match="no acceptable molecule"):
        draw(MoleculeSampler(network, vocabulary), [7], lambda smiles: "closed")


def test_who_never_passes_at_a_high_temperature_goes_on_at_a_low_one(sampler: MoleculeSampler) -> None:
    """No seed makes a batch fail in which others wait, at any temperature that can be asked for."""
    left = [200]

    def late(smiles: str) -> str | None:
        left[0] -= 1
        return None if left[0] < 0 else "not yet"

    draft = Draft(np.random.RandomState(7), late, 1.5)
    complete(sampler, [draft])

    assert draft.attempts > 200
    assert draft.temperature == LAST_TEMPERATURE


def test_a_likelihood_is_the_same_alone_and_in_a_batch(sampler: MoleculeSampler) -> None:
    texts = [draft.smiles for draft in draw(sampler, range(6), always)]
    found = sampler.log_likelihoods(texts)

    assert np.allclose(found, sampler.log_likelihoods(texts, exact=True), atol=1e-4)
    assert np.allclose(found, [sampler.log_likelihoods([text])[0] for text in texts], atol=1e-4)
    assert (found < 0).all()
    assert sampler.log_likelihoods([]).shape == (0,)


def test_low_temperature_is_commoner(sampler: MoleculeSampler) -> None:
    cold = {draft.smiles for draft in draw(sampler, range(60), always, temperature=0.5)}
    warm = {draft.smiles for draft in draw(sampler, range(60), always, temperature=1.5)}

    assert sum(map(len, cold)) / len(cold) != sum(map(len, warm)) / len(warm)
    assert cold != warm
