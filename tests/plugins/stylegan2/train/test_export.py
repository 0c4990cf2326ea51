"""What leaves the trainer is what the zoo loads."""

from __future__ import annotations

import hashlib
import json

import torch

from doesnotexist.registry import read_registry
from doesnotexist_stylegan2 import load_generator
from doesnotexist_stylegan2.train.export import export, mean_w, with_mean_w
from doesnotexist_stylegan2.train.judge import Verdict

VERDICT = Verdict(frechet=200.0, variety=0.9, directions=0.8)


def test_the_exported_generator_draws_the_pictures_of_the_trainer(network, tmp_path):
    net = network(use_noise=False)
    for tensor in net.state_dict().values():
        tensor.copy_(tensor.half())  # what fp16 can hold
    z = torch.randn(3, 16)

    path = export(with_mean_w(net), tmp_path, images=1000, seconds=90, verdict=VERDICT)
    zoo = load_generator(path)

    torch.testing.assert_close(zoo.synthesize(zoo.map(z)), net(z), atol=1e-4, rtol=0)
    torch.testing.assert_close(zoo.w_avg, mean_w(net), atol=1e-3, rtol=0)


def test_the_figures_are_those_of_the_file(network, tmp_path):
    path = export(network(), tmp_path, images=1000, seconds=90, verdict=VERDICT)

    figures = json.loads((tmp_path / "figures.json").read_text())
    content = path.read_bytes()
    assert figures["sha256"] == hashlib.sha256(content).hexdigest()
    assert (figures["bytes"], figures["images"], figures["minutes"]) == (len(content), 1000, 1.5)
    assert (figures["frechet"], figures["variety"], figures["directions"]) == (200.0, 0.9, 0.8)


def test_the_row_for_a_registry_is_one_once_its_words_are_replaced(network, tmp_path):
    export(network(), tmp_path, images=1000, seconds=90, verdict=VERDICT)

    row = (tmp_path / "card.yaml").read_text().replace("DOMAIN", "dogs").replace("NAME", "mine")
    row = row.replace("LICENCE", "mine")
    licences = "mine: {code: a, weights: b, data: c, commercial: false, attribution: d}"
    registry = tmp_path / "registry.yaml"
    registry.write_text(f"format: 1\nlicences:\n  {licences}\nmodels:\n{row}")

    (card,) = read_registry(registry)
    assert (card.id, card.files[0].size) == ("dogs/mine", (tmp_path / "generator.safetensors").stat().st_size)
    assert [figure.value for figure in card.figures] == [1000, 200.0, 0.9]


def test_the_mean_w_is_that_of_many_seeds(network):
    net = network()
    w = net.mapping(torch.randn(4000, 16, generator=torch.Generator().manual_seed(9)))

    torch.testing.assert_close(mean_w(net), w.mean(0), atol=0.1, rtol=0)
