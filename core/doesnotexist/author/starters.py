"""Small weights for new plugins: a few numbers, so that a new domain shows something at once."""

from __future__ import annotations

# Rivers: enough letters after letters to make names that sound like names.
_RIVERS = """
amazon amur aras arno avon bain cauvery clyde colorado congo danube darling dnieper don dordogne douro
drava ebro elbe euphrates forth gambia ganges garonne guadiana hudson humber indus irrawaddy jordan kama
lena limpopo loire mackenzie main marne mekong meuse mississippi missouri moselle murray neva niger nile
oder ohio okavango orinoco parana po potomac rhine rhone rio salween saone seine senegal severn shannon
spree tagus tarim thames tiber tigris ural vistula volga volta weser yangtze yukon zambezi
"""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def starter(kind: str) -> bytes:
    """The safetensors file of a new plugin of this kind; empty for one that must be trained first."""
    makers = {"pixels": _palette, "molecule": _odds, "custom": _letters}
    return makers[kind]() if kind in makers else b""


def _palette() -> bytes:
    """Four colours of a cosine palette: colour(t) = a + b·cos(2π(c·t + d)) for red, green and blue."""
    import numpy as np
    from safetensors.numpy import save

    rows = [[0.52, 0.5, 0.55], [0.46, 0.42, 0.4], [1.0, 0.9, 0.7], [0.02, 0.3, 0.46]]
    return save({"palette": np.array(rows, np.float32)})


def _odds() -> bytes:
    """How often each of ten groups is drawn."""
    import numpy as np
    from safetensors.numpy import save

    return save({"odds": np.array([6, 5, 4, 3, 3, 2, 2, 1, 1, 1], np.float32)})


def _letters() -> bytes:
    """(27, 27, 27) how often a letter follows two others in the names of rivers; 0 is the end of a name."""
    import numpy as np
    from safetensors.numpy import save

    counts = np.zeros((27, 27, 27), np.float32)
    for name in _RIVERS.split():
        codes = [0, 0, *(1 + LETTERS.index(letter) for letter in name), 0]
        for first, second, third in zip(codes, codes[1:], codes[2:], strict=False):
            counts[first, second, third] += 1
    return save({"counts": counts})
