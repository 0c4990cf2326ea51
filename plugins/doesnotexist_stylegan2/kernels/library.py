"""The compiled engine as Python sees it: the structures and functions of engine/network.h through ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_float, c_int, c_int32, c_size_t, c_void_p
from enum import IntEnum
from pathlib import Path

import torch
from torch import Tensor


class Method(IntEnum):
    """How a layer convolves; `enum Method` of engine/network.h."""

    DIRECT = 0
    WINOGRAD = 1
    UP_DIRECT = 2
    UP_WINOGRAD = 3


class Affine(Structure):
    """`struct Affine`: the layer that turns w into styles."""

    _fields_ = (("weight", c_void_p), ("bias", c_void_p))


class Layer(Structure):
    """`struct Layer`: one modulated convolution, with the colours that are read off after it."""

    _fields_ = (
        ("method", c_int32),
        ("size", c_int32),
        ("cin", c_int32),
        ("cout", c_int32),
        ("w_index", c_int32),
        ("rgb_w_index", c_int32),
        ("style", Affine),
        ("rgb_style", Affine),
        ("packed", c_void_p),
        ("squares", c_void_p),
        ("bias", c_void_p),
        ("rgb_weight", c_void_p),
        ("rgb_bias", c_void_p),
    )


class Net(Structure):
    """`struct Net`: the whole synthesis network."""

    _fields_ = (
        ("w_dim", c_int32),
        ("num_ws", c_int32),
        ("channels", c_int32),
        ("layers", c_int32),
        ("slope", c_float),
        ("gain", c_float),
        ("clamp", c_float),
        ("taps", c_float * 4),
        ("start", c_void_p),
        ("layer", POINTER(Layer)),
    )


class Library:
    """The functions of one compiled engine; raises `OSError` or `AttributeError` if `path` is none."""

    def __init__(self, path: Path) -> None:
        self._functions = functions = ctypes.CDLL(str(path))
        functions.dne_packed_floats.argtypes = [c_int, c_int, c_int]
        functions.dne_packed_floats.restype = c_size_t
        functions.dne_pack.argtypes = [c_int, c_int, c_int, c_void_p, c_void_p, c_int]
        functions.dne_pack.restype = None
        functions.dne_workspace_floats.argtypes = [POINTER(Net), c_int]
        functions.dne_workspace_floats.restype = c_size_t
        functions.dne_synthesize.argtypes = [POINTER(Net), *[c_void_p] * 5, c_int]
        functions.dne_synthesize.restype = None
        functions.dne_big_pages.argtypes = [c_void_p, c_size_t]
        functions.dne_big_pages.restype = None
        self.channel_multiple = int(functions.dne_channel_multiple())

    def pack(self, method: Method, weight: Tensor) -> Tensor:
        """weight (cout, cin, 3, 3) float32, channels padded -> transformed, as the engine reads it"""
        weight = weight.contiguous()
        cout, cin = weight.shape[:2]
        packed = self.room(self._functions.dne_packed_floats(method, cin, cout))
        self._functions.dne_pack(
            method, cin, cout, weight.data_ptr(), packed.data_ptr(), torch.get_num_threads()
        )
        return packed

    def workspace(self, net: Net, threads: int) -> Tensor:
        """Room to work in for one picture at a time."""
        return self.room(self._functions.dne_workspace_floats(ctypes.byref(net), threads))

    def room(self, floats: int) -> Tensor:
        """(floats,) float32, whatever they are, on big pages where the system has them."""
        room = torch.empty(floats)
        self._functions.dne_big_pages(room.data_ptr(), 4 * floats)
        return room

    def synthesize(
        self, net: Net, ws: Tensor, noise: list[Tensor | None], noise_gain: Tensor, workspace: Tensor,
        picture: Tensor, threads: int,
    ) -> None:  # fmt: skip
        """ws (num_ws, w_dim), a noise map or None for each layer -> fills picture (channels, R, R)"""
        maps = (c_void_p * len(noise))(*[None if map_ is None else map_.data_ptr() for map_ in noise])
        self._functions.dne_synthesize(
            ctypes.byref(net),
            ws.data_ptr(),
            maps,
            noise_gain.data_ptr(),
            workspace.data_ptr(),
            picture.data_ptr(),
            threads,
        )
