"""What a worker imports before anybody asks is all that the first molecule needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FIRST_MOLECULE = """
import json, sys
from doesnotexist import Settings, Zoo
from doesnotexist_chemicals import chemistry
from doesnotexist_chemicals.plugin import Chemicals

Chemicals().prepare()
before, parsed = set(sys.modules), chemistry.catalogue.cache_info().currsize
with Zoo(Settings.read(workers="thread", plugins="chemicals", store=sys.argv[1])) as zoo:
    assert zoo.generate("chemicals", seed=7).data.startswith(b"<svg")
assert parsed == chemistry.catalogue.cache_info().currsize > 0
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_the_first_molecule_imports_no_library(bundled: bytes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_MOLECULE, str(tmp_path)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout

    assert not {"numpy", "openclatura", "rdkit", "safetensors", "threadpoolctl"} & set(json.loads(told))
