"""The promises that every plugin keeps, each as a test of its own."""

from doesnotexist.testing import GeneratorTests


class TestDogs(GeneratorTests):
    plugin = "doesnotexist_dogs"
    resolution = 16

    def weights(self):
        """A small network that has learnt nothing; remove this once there are real weights."""
        import torch

        from doesnotexist_stylegan2.architecture import Architecture
        from doesnotexist_stylegan2.network import Network
        from doesnotexist_stylegan2.weights import network_bytes

        torch.manual_seed(0)
        small = Architecture(
            z_dim=16, w_dim=16, resolution=16, mapping_layers=2, channel_base=128, channel_max=16
        )
        return {"weights": network_bytes(Network(small))}
