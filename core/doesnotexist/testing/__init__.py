"""The conformance kit: what the runtime promises its visitors, as checks of a plugin.

In a plugin's own tests one class is enough; pytest finds a test for each check in it:

    from doesnotexist.testing import GeneratorTests

    class TestDogs(GeneratorTests):
        plugin = "doesnotexist_dogs"

`weights()` may be overridden to give a small fake network. The checks are plain functions as well:
`examine(subject)` runs them all, `check_batches(subject)` one. `doesnotexist check` does the same for
an installed plugin.
"""

from .fakes import fake_card, fake_registry, fake_weights, fake_zoo
from .subject import Budget, Guest, Subject, Unfit
from .suite import CHECKS, DOMAIN_CHECKS, PLUGIN_CHECKS, Finding, GeneratorTests, examine

__all__ = [
    "CHECKS",
    "DOMAIN_CHECKS",
    "PLUGIN_CHECKS",
    "Budget",
    "Finding",
    "GeneratorTests",
    "Guest",
    "Subject",
    "Unfit",
    "examine",
    "fake_card",
    "fake_registry",
    "fake_weights",
    "fake_zoo",
]
