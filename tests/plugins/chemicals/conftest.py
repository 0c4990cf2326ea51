"""A network of a few thousand numbers, and the bundled one where a test needs real molecules."""

from __future__ import annotations

from importlib import resources

import pytest
import torch

from doesnotexist_chemicals import weights
from doesnotexist_chemicals.config import Config
from doesnotexist_chemicals.model import MoleculeGPT
from doesnotexist_chemicals.network import Network
from doesnotexist_chemicals.sampling import MoleculeSampler
from doesnotexist_chemicals.tokens import Vocabulary

MOLECULES = [
    "CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Cl)cc1",
    "COc1ccc(-c2cc(=O)c3c(O)cccc3o2)cc1",
    "CCOC(=O)c1ncn2c1CN(C)C(=O)c1cc(F)ccc1-2",
    "Clc1ccccc1C1=NC(c2ccccc2Br)Nc2ccccc21",
    "Cc1nc(S(=O)(=O)N2CCC(c3nnco3)CC2)c[nH]1",
] * 4


@pytest.fixture(scope="session")
def molecules() -> list[str]:
    return MOLECULES


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.learn(MOLECULES, size=60)


@pytest.fixture(scope="session")
def tiny(vocabulary: Vocabulary) -> MoleculeGPT:
    """Untrained, but with every matrix filled, so that its logits depend on every token."""
    model = MoleculeGPT(Config(len(vocabulary), layers=2, width=128, context=32))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0.0, 1.5 * weight.shape[1] ** -0.5, generator=generator)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def network(tiny: MoleculeGPT) -> Network:
    """The same numbers, to be run."""
    return Network(tiny.config, {name: tensor.numpy() for name, tensor in tiny.state_dict().items()})


@pytest.fixture(scope="session")
def bundled() -> bytes:
    file = resources.files("doesnotexist_chemicals") / "weights" / "moses-gpt.safetensors"
    if not file.is_file():
        pytest.skip("this build comes without the bundled weights")
    return file.read_bytes()


@pytest.fixture(scope="session")
def sampler(bundled: bytes) -> MoleculeSampler:
    return MoleculeSampler(*weights.read(bundled))
