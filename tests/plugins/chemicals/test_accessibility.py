"""Our table of fragment scores is RDKit's, to the bit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from doesnotexist_chemicals.accessibility import FragmentScores, fragment_scores, synthetic_accessibility
from doesnotexist_chemicals.chemistry import parse


def test_every_score_is_the_one_of_the_contributed_module() -> None:
    from rdkit import RDConfig

    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    spec = importlib.util.spec_from_file_location("sascorer_of_the_wheel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.readFragmentScores()  # its own pickle, read by its own code
    built, bundled = FragmentScores.build(module._fscores), fragment_scores()

    assert len(bundled.keys) == 705_292
    for name in ("keys", "rows", "scores"):
        assert np.array_equal(getattr(built, name), getattr(bundled, name))
    mol = parse("CC1C2CCC(C2)C1CN(CCO)C(=O)c1ccc(Cl)cc1")
    assert mol is not None
    assert synthetic_accessibility(mol) == module.calculateScore(mol)


def test_a_table_answers_as_a_dictionary_does() -> None:
    scores = {7: -1.5, 4_294_967_295: 2.0, 9: -1.5}
    table = FragmentScores.build(scores)

    assert [table.get(key, -4) for key in (7, 8, 9, 4_294_967_295, 0)] == [-1.5, -4, -1.5, 2.0, -4]
