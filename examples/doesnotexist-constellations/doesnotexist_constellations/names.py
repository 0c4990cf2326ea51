"""The names that do exist: the words of the 88 constellations of the International Astronomical Union."""

_WORDS = """
andromeda antlia apus aquarius aquila ara aries auriga bootes caelum camelopardalis cancer canes
venatici canis major minor capricornus carina cassiopeia centaurus cepheus cetus chamaeleon circinus
columba coma berenices corona australis borealis corvus crater crux cygnus delphinus dorado draco
equuleus eridanus fornax gemini grus hercules horologium hydra hydrus indus lacerta leo lepus libra
lupus lynx lyra mensa microscopium monoceros musca norma octans ophiuchus orion pavo pegasus perseus
phoenix pictor pisces piscis austrinus puppis pyxis reticulum sagitta sagittarius scorpius sculptor
scutum serpens sextans taurus telescopium triangulum australe tucana ursa vela virgo volans vulpecula
"""
REAL = tuple(_WORDS.split())
