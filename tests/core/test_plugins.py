import sys

import pytest

from doesnotexist import Generator, Zoo
from doesnotexist.errors import PluginBroken, UnknownDomain
from doesnotexist.plugins import Plugins
from doesnotexist.registry import read_registry

SOURCE = """
from doesnotexist import Generator, hookimpl

class Things(Generator):
    domain, noun, title = {domain!r}, "thing", "This Thing Does Not Exist"
    def load(self, card, files, device):
        raise NotImplementedError

@hookimpl
def register_generators(register):
    register(Things())
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make real installed distributions with an entry point each, on this process's path."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(distribution, source, name=None, version="1.0"):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[doesnotexist]\n{name or module} = {module}\n")

    before = set(sys.modules)
    yield make
    for module in set(sys.modules) - before:
        del sys.modules[module]


def state_of(plugins, name):
    return next(state for state in plugins.states if state.name == name)


def test_a_stranger_adds_a_domain(install):
    install("zoo-dogs", SOURCE.format(domain="dogs"))
    plugins = Plugins()
    assert plugins.generator("dogs").title == "This Thing Does Not Exist"
    state = state_of(plugins, "zoo_dogs")
    assert (state.state, state.distribution, state.version) == ("ready", "zoo-dogs", "1.0")
    assert state.domains == ("dogs",)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module", "import failed: ModuleNotFoundError"),
        ("raise SystemExit(3)", "import failed: SystemExit"),
        ("def (", "import failed: SyntaxError"),
        (
            "from doesnotexist import hookimpl\n@hookimpl\ndef register_generator(register): ...",
            "no such hook; hooks are register_commands, register_converters",
        ),
        (
            "from doesnotexist import hookimpl\n@hookimpl\ndef register_generators(register, x): ...",
            "PluginValidationError",
        ),
        (
            "from doesnotexist import hookimpl\n@hookimpl\ndef register_generators(register): 1 / 0",
            "register_generators failed: ZeroDivisionError",
        ),
        (
            "from doesnotexist import hookimpl\n@hookimpl\ndef register_generators(register): register(7)",
            "got int, not a Generator",
        ),
        (SOURCE.format(domain="Dogs!"), "no lower-case host label"),
        (SOURCE.format(domain="dogs") + "    Things.formats = ('html',)\n", "formats"),
        (SOURCE.format(domain="dogs").replace("domain, noun, title", "a, noun, title"), "lacks a domain"),
        (SOURCE.format(domain="dogs") + "    register(Things())\n", "registers the domain 'dogs' twice"),
        (SOURCE.format(domain="dogs") + "    Things.max_batch = 0\n", "max_batch must be a whole number"),
        (SOURCE.format(domain="dogs") + "    Things.params = dict\n", "params must be a subclass of Params"),
        (SOURCE.format(domain="dogs") + "    Things.formats = 7\n", "formats 7 must be among"),
        (
            SOURCE.format(domain="dogs") + "    Things.noun = property(lambda self: 1 / 0)\n",
            "ZeroDivisionError",
        ),
        ("def __getattr__(name): raise OSError(name)\ndef __dir__(): return ['x']", "OSError: x"),
    ],
)
def test_a_broken_plugin_is_reported_and_costs_nothing_else(install, source, reason):
    install("broken-one", source)
    install("zoo-dogs", SOURCE.format(domain="hounds"))
    plugins = Plugins()
    state = state_of(plugins, "broken_one")
    assert state.state == "broken"
    assert reason in state.reason
    assert "\n" not in state.reason
    assert "broken_one" in state.file or "Error" not in state.reason or "Validation" in state.reason
    assert "hounds" in plugins.generators


def test_a_plugin_of_another_contract_is_incompatible(install):
    install("future", SOURCE.format(domain="dogs") + "    Things.api_version = 2\n")
    assert state_of(Plugins(), "future").state == "incompatible"


def test_nobody_takes_our_domain(install):
    install("fake-faces", SOURCE.format(domain="faces"), name="faces")
    plugins = Plugins()
    state = state_of(plugins, "faces (fake-faces)")
    assert state.state == "conflict"
    assert "'faces' is claimed by faces and by faces (fake-faces)" in state.reason
    assert plugins.generator("faces").title == "This Person Does Not Exist"


def test_of_two_strangers_neither_gets_the_domain(install):
    install("dogs-a", SOURCE.format(domain="dogs"))
    install("dogs-b", SOURCE.format(domain="dogs"))
    plugins = Plugins()
    assert {state_of(plugins, name).state for name in ("dogs_a", "dogs_b")} == {"conflict"}
    with pytest.raises(UnknownDomain, match="dogs_a"):
        plugins.generator("dogs")


def test_only_the_chosen_are_loaded(install):
    install("zoo-dogs", "raise RuntimeError('was imported')")
    plugins = Plugins(only=frozenset({"faces"}))
    assert list(plugins.generators) == ["faces"]
    assert state_of(plugins, "zoo_dogs").state == "disabled"


def test_the_reason_of_a_broken_domain_reaches_the_caller(install):
    install("dogs", "import no_such_module")
    with pytest.raises(UnknownDomain) as caught:
        Plugins().generator("dogs")
    assert "no_such_module" in caught.value.reason


def test_registering_by_hand_refuses_a_second_claim_and_changes_nothing(stripes, make_plugin):
    class Impostor(Generator):
        domain, noun, title = "stripes", "x", "x"

        def load(self, card, files, device): ...

    plugins = Plugins(only=frozenset())
    plugins.register(make_plugin(stripes), "stripes")
    states = plugins.states
    with pytest.raises(PluginBroken, match="claimed by"):
        plugins.register(make_plugin(Impostor()), "impostor")
    assert plugins.generator("stripes") is stripes
    assert plugins.states == states


def test_the_place_of_a_fault_is_told(install):
    install("broken-one", "import doesnotexist\n\n1 / 0\n")
    assert state_of(Plugins(), "broken_one").file.endswith("/broken_one.py:3")


def test_strict_makes_the_first_fault_fatal(install):
    install("broken-one", "1 / 0")
    with pytest.raises(PluginBroken, match=r"ZeroDivisionError: .*broken_one\.py:1"):
        Plugins(frozenset({"broken_one"}), strict=True)
    assert Plugins(frozenset({"faces"}), strict=True).generators, "a disabled plugin is no fault"


def test_strict_is_a_setting(install, settings):
    install("broken-one", "1 / 0")
    with pytest.raises(PluginBroken, match="ZeroDivisionError"):
        Zoo(settings.model_copy(update={"plugins": "broken_one", "strict": True}))


def test_what_a_plugin_prints_is_no_output_of_ours(install, capsys):
    source = SOURCE.format(domain="dogs") + "    print('from the hook')\nprint('from the import')\n"
    install("loud", source)
    assert state_of(Plugins(), "loud").state == "ready"
    assert capsys.readouterr().out == ""


WITH_REGISTRY = (
    SOURCE
    + """
@hookimpl
def register_registries(register):
    register({path!r})
"""
)


def test_a_faulty_registry_costs_its_own_plugin_only(install, tmp_path, settings):
    bad = tmp_path / "bad.yaml"
    bad.write_text("format: 1\nmodels: [{id: Dogs!}]\n")
    install("zoo-dogs", WITH_REGISTRY.format(domain="dogs", path=str(bad)))
    install("zoo-cows", WITH_REGISTRY.format(domain="cows", path=str(tmp_path / "none.yaml")))
    with Zoo(settings) as zoo:
        assert "bad.yaml" in state_of(zoo.plugins, "zoo_dogs").reason
        assert "cannot be read" in state_of(zoo.plugins, "zoo_cows").reason
        assert "dogs" not in zoo.plugins.generators
        assert "faces" in zoo.plugins.generators


def test_a_model_id_has_one_owner(zoo, stripes, make_plugin, cards_file):
    class More(Generator):
        domain, noun, title = "more", "x", "x"

        def load(self, card, files, device): ...

    with pytest.raises(PluginBroken, match="another plugin has a model stripes/one"):
        zoo.plugins.register(make_plugin(More(), cards_file("one", domain="stripes")), "more")
    assert "more" not in zoo.plugins.generators


def test_a_card_that_the_registry_has_is_not_taken_over(stripes, make_plugin, cards_file):
    plugins = Plugins(only=frozenset())
    plugins.register(make_plugin(stripes, cards_file("one", "two")), "stripes")
    base = read_registry(cards_file("two"))
    assert plugins.cards(base) == list(base)
    assert state_of(plugins, "stripes").state == "conflict"


def test_a_stranger_does_not_choose_the_default_of_another_domain(install, tmp_path, cards_file):
    text = cards_file("one", domain="faces").read_text()
    (tmp_path / "faces.yaml").write_text(text + "    default: true\n")
    install("zoo-dogs", WITH_REGISTRY.format(domain="dogs", path=str(tmp_path / "faces.yaml")))
    assert "not this plugin's" in state_of(Plugins(), "zoo_dogs").reason


def test_every_hook_stands_in_the_readme():
    from pathlib import Path

    from doesnotexist import hookspecs

    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name in vars(hookspecs):
        if name.startswith("register_"):
            assert f"`{name}`" in readme, name


def test_converters_are_by_format_and_ours_go_first(install):
    install(
        "greedy",
        "from doesnotexist import hookimpl\n@hookimpl\ndef register_converters(register):\n"
        "    register('rosinality', print)\n    register('pictish', print)\n",
    )
    converters = Plugins().converters
    assert converters["pictish"] is print
    assert converters["rosinality"].__module__ == "doesnotexist_stylegan2.plugin"
    assert {"nvidia-pytorch", "nvidia-tensorflow", "bimodal"} <= converters.keys()


def test_what_plugins_tell_the_doctor_is_text_and_a_faulty_one_is_marked(install):
    hook = "from doesnotexist import hookimpl\n@hookimpl\ndef register_findings(register):\n"
    install("honest", hook + "    register('bones', 1, 206, None)\n")
    install("shaky", hook + "    1 / 0\n")

    plugins = Plugins(only=frozenset({"honest", "shaky"}))

    assert plugins.findings() == [("bones", True, "206", "None")]
    assert state_of(plugins, "shaky").state == "broken"
