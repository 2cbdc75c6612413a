"""Writes network files as the programs of the world do: true bytes, stand-in classes."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch

from tests.places import DATA

NETWORKS = ("tiny-sg2ada-64-c0-map8", "tiny-sg2ada-64-c5-map2", "tiny-sg3r-64", "tiny-sg3t-64")
BUFFERS = ("resample_filter", "noise_const", "w_avg", "freqs", "phases", "transform",
           "magnitude_ema", "up_filter", "down_filter")  # fmt: skip
# Written by NVIDIA's classes as NumPy values, not as Python's.
SCALARS = ("weight_gain", "act_gain", "in_cutoff", "out_cutoff")
ARRAYS = ("in_size", "out_size", "size")
SOURCE = "raise SystemExit('the source text of a model was run')\n"


class EasyDict(dict):  # type: ignore[type-arg]  # as NVIDIA's
    __module__ = "dnnlib.util"


def _reconstruct_persistent_obj(meta: Any) -> Any:
    raise AssertionError("a persistent object was rebuilt")


def _create_array(*parts: Any) -> Any:
    raise AssertionError("an array was made by dill")


class Network:
    """A TensorFlow network's stand-in."""

    __module__ = "dnnlib.tflib.network"

    def __init__(self, **state: Any) -> None:
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        return self.state


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """Make the foreign modules importable while a file is written, and gone when it is read."""
    contents = {
        "torch_utils": {},
        "torch_utils.persistence": {"_reconstruct_persistent_obj": _reconstruct_persistent_obj},
        "dnnlib": {},
        "dnnlib.util": {"EasyDict": EasyDict},
        "dnnlib.tflib": {},
        "dnnlib.tflib.network": {"Network": Network},
        "dill": {},
        "dill._dill": {"_create_array": _create_array},
    }
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _create_array.__module__ = "dill._dill"
    modules = {name: types.ModuleType(name) for name in contents}
    for name, members in contents.items():
        vars(modules[name]).update(members)
    before = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            sys.modules.pop(name, None)
        sys.modules.update(before)


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]  # the one that is Python
    """Spells NumPy's modules as NumPy 1 did."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = getattr(obj, "__module__", None) or ""
        if not module.startswith("numpy._core"):
            return super().save_global(obj, name)
        old, name = module.replace("numpy._core", "numpy.core"), name or obj.__qualname__
        if self.proto >= 4:
            self.save(old)
            self.save(name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{old}\n{name}\n".encode())
        self.memoize(obj)
        return None

    dispatch: ClassVar[Any] = {
        **pickle._Pickler.dispatch,  # type: ignore[attr-defined]
        types.FunctionType: save_global,
    }


def dump(value: Any, protocol: int = 4, numpy: int = 2) -> bytes:
    """Pickle a value with the stand-ins in place."""
    with stand_ins():
        if numpy == 2:
            return pickle.dumps(value, protocol=protocol)
        file = io.BytesIO()
        _Pickler(file, protocol=protocol).dump(value)
        return file.getvalue()


class Persistent:
    """Reduces as NVIDIA's persistent classes do."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.meta = {
            "type": "class",
            "version": 6,
            "module_src": SOURCE,
            "class_name": class_name,
            "state": state,
        }

    def __reduce__(self) -> Any:
        return _reconstruct_persistent_obj, (self.meta,)


@functools.cache
def _read(name: str) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    with np.load(DATA / f"{name}.npz") as file:
        state = {k.removeprefix("state/"): file[k] for k in file.files if k.startswith("state/")}
        return json.loads(bytes(file["meta_json"])), state


def golden(name: str) -> tuple[dict[str, dict[str, Any]], dict[str, np.ndarray[Any, Any]]]:
    """Modules and state of a golden file; yours to change."""
    meta, state = _read(name)
    return json.loads(json.dumps(meta["modules"])), dict(state)


def init_kwargs(name: str) -> dict[str, Any]:
    return dict(_read(name)[0]["init_kwargs"])


def tree(
    modules: dict[str, dict[str, Any]],
    state: dict[str, Any],
    *,
    frozen: bool = False,
    kwargs: dict[str, Any] | None = None,
    plain: tuple[str, ...] = (),
    dtype: torch.dtype | None = None,
) -> Persistent:
    """Build the object tree of a generator.

    `frozen` puts all weights among the buffers; `plain` names modules written by reference.
    """

    def build(prefix: str) -> Any:
        dot = prefix + "." if prefix else ""
        made: dict[str, Any] = {
            "training": False,
            "_parameters": OrderedDict(),
            "_buffers": OrderedDict(),
            "_non_persistent_buffers_set": set(),
            "_backward_hooks": OrderedDict(),
            "_modules": OrderedDict(),
        }
        for name, value in state.items():
            head, _, last = name.rpartition(".")
            if head == prefix:
                tensor = torch.from_numpy(np.array(value))
                tensor = tensor.to(dtype) if dtype else tensor
                if last in BUFFERS or frozen:
                    made["_buffers"][last] = tensor
                else:
                    made["_parameters"][last] = torch.nn.Parameter(tensor)
        if ".L14" in prefix and not prefix.endswith("affine"):
            made["_buffers"] |= {"up_filter": None, "down_filter": None}
        inner = {n[len(dot) :].split(".")[0] for n in modules if n.startswith(dot) and n != prefix}
        for name in sorted(inner - {""}):
            made["_modules"][name] = build(dot + name)
        attributes = dict(modules[prefix])
        class_name = attributes.pop("class_name")
        for key, value in attributes.items():
            if key in SCALARS and isinstance(value, float):
                value = np.float64(value)
            if key in ARRAYS:
                value = np.array(value)
            made[key] = value
        if kwargs is not None and not prefix:
            made["_init_args"], made["_init_kwargs"] = (), EasyDict(kwargs)
        if prefix in plain:
            module = torch.nn.Embedding(1, 1)
            vars(module).clear()
            vars(module).update(made)
            return module
        return Persistent(class_name, made)

    return build("")  # type: ignore[no-any-return]


def snapshot(name: str, protocol: int = 4, numpy: int = 2, **how: Any) -> bytes:
    """A network pickle from a golden file, with everything that surrounds the generator."""
    modules, state = golden(name)
    return dump(
        {
            "training_set_kwargs": EasyDict(path="/home/somebody/secret/cats-64.zip", xflip=True),
            "G": None,
            "D": None,
            "G_ema": tree(modules, state, kwargs=init_kwargs(name), **how),
            "augment_pipe": None,
        },
        protocol,
        numpy,
    )


def tf_variables(state: dict[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    """The variables of a TensorFlow network with these weights, by component."""
    found: dict[str, list[Any]] = {"": [], "mapping": [], "synthesis": []}
    for name, value in state.items():
        part, _, rest = name.partition(".")
        if name == "mapping.w_avg":
            found[""].append(("dlatent_avg", value))
        elif part == "mapping":
            layer, kind = rest.split(".")
            theirs = "LabelEmbed" if layer == "embed" else f"Dense{layer[2:]}"
            found[part].append((f"{theirs}/{kind}", np.ascontiguousarray(value.T)))
        elif not name.endswith("resample_filter"):
            found[part].append(_tf_synthesis(rest, value))
    return found


def _tf_synthesis(name: str, value: np.ndarray[Any, Any]) -> tuple[str, Any]:
    block, layer, *rest = name.split(".")
    size = f"{block[1:]}x{block[1:]}"
    if layer == "const":
        return f"{size}/Const/const", value[None]
    kind = ".".join(rest)
    if kind == "noise_const":
        log2 = int(block[1:]).bit_length() - 1
        index = 0 if log2 == 2 else 2 * log2 - (5 if layer == "conv0" else 4)
        return f"noise{index}", value[None, None]
    theirs = {"conv0": "Conv0_up", "torgb": "ToRGB", "skip": "Skip"}.get(
        layer, "Conv" if block == "b4" else "Conv1"
    )
    if kind == "weight":
        value = value.transpose(2, 3, 1, 0)
        value = value[::-1, ::-1] if theirs in ("Conv0_up", "Skip") else value
    if kind == "affine.weight":
        kind, value = "mod_weight", value.T
    if kind == "affine.bias":
        kind, value = "mod_bias", value - np.float32(1)
    return f"{size}/{theirs}/{kind}", np.ascontiguousarray(value).reshape(value.shape)


def tf_pickle(
    state: dict[str, np.ndarray[Any, Any]], protocol: int = 4, version: int = 4, **kwargs: Any
) -> bytes:
    """A legacy TensorFlow pickle: G, D, Gs."""
    variables = tf_variables(state)

    def network(name: str, own: list[Any], parts: dict[str, Any]) -> Network:
        return Network(
            version=version,
            name=name,
            static_kwargs=EasyDict(resolution=64, num_channels=3, **kwargs),
            components=EasyDict(parts),
            build_module_src=SOURCE,
            build_func_name="G_main",
            variables=own,
        )

    parts = {name: network(name, variables[name], {}) for name in ("mapping", "synthesis")}
    made = network("Gs", variables[""], parts)
    return dump((made, network("D", [], {}), made), protocol)
