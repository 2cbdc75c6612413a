"""The allow-list of pickle: every name that a file may mention, and the inert value it becomes.

Nothing here is ever imported from the module that a file names, or called by it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from engine.models.unpickle import numpy_arrays
from engine.models.unpickle.inert import Budget, Global, Node, Passed, RefusedError
from engine.models.unpickle.torch_storage import DTYPES, Storage, Tensor, read_storage

_PERSISTENCE = re.compile(r"(\w+\.)*torch_utils\.persistence")
_EASYDICT = re.compile(r"(\w+\.)*dnnlib(\.util)?")
_TF_NETWORK = re.compile(r"(\w+\.)*dnnlib\.tflib\.network")
_TORCH_MODULE = re.compile(r"torch\.nn\.modules\.[a-z_]+")
# Discriminators of StyleGAN-XL and its kind stand in a snapshot by reference; nobody looks at them.
_SCENERY = re.compile(
    r"(timm|torchvision|pg_modules|feature_networks|training|torch\.nn\.(utils|parallel))(\.\w+)*"
)
# What snapshots note beside their networks: dates, counts, settings. It is passed over.
_PASSED_OVER = (
    "collections.Counter", "collections.deque", "datetime", "decimal.Decimal", "fractions.Fraction",
    "functools.partial", "builtins.bytearray", "builtins.complex", "builtins.frozenset",
    "builtins.range", "builtins.slice", "ipaddress", "types.SimpleNamespace", "time.struct_time",
    "uuid", "zoneinfo", "numpy.random", "torch.Generator",
)  # fmt: skip
# A function that a partial or an attribute mentions; nobody calls it.
_FUNCTION = re.compile(r"torch\.nn\.(functional|init)\.[a-z_0-9]+")
_CLASS = re.compile(r"[A-Z]\w*(\.[A-Z]\w*)*")
_WITH_POWER = sys.stdlib_module_names | {"numpy", "torch", "nt", "pip", "setuptools"}
_TORCH_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_PATHS = re.compile(r"pathlib(\._local)?\.(Pure)?(Posix|Windows)?Path")
_OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_TORCH_DTYPES = ("float16", "bfloat16", "float32", "float64", "int64", "int32", "uint8")
_NUMPY_TYPES = ("bool_", "float16", "float32", "float64", "int32", "int64", "uint8")
PERSISTENT = "persistent class"
TF_NETWORK = "dnnlib.tflib.network.Network"


def find_for(budget: Budget) -> Callable[[str, str], Global]:
    """Make the function that answers a file's names.

    Parameters
    ----------
    budget
        What the file, and the streams nested in it, may still make us do.
    """
    table = dict(_TABLE)
    table["torch.storage", "_load_from_bytes"] = Global(
        "torch.storage._load_from_bytes",
        lambda a: read_storage(numpy_arrays.raw_bytes(a[0]), budget),
    )

    def find(module: str, name: str) -> Global:
        module = _OLD_NAMES.get(module, module).replace("numpy._core", "numpy.core")
        found = table.get((module, name)) or _find_family(module, name)
        if found is None:
            raise RefusedError(_unknown(module[:80], name[:80]))
        return found

    return find


def _unknown(module: str, name: str) -> str:
    """Say what a name that is not allowed means: another program's class, or a trap."""
    dotted = f"names {module}.{name}, which no StyleGAN network needs"
    if module.split(".")[0] in _WITH_POWER or not _CLASS.fullmatch(name):
        return (
            f"{dotted}: it is another program's file or a trap; nothing of it was run, do not use "
            "it"
        )
    return f"{dotted}, and nothing here knows: save the network alone (its G_ema), and give that"


def _find_family(module: str, name: str) -> Global | None:
    dotted = f"{module}.{name}"
    if name == "_reconstruct_persistent_obj" and _PERSISTENCE.fullmatch(module):
        return Global(dotted, _persistent_object)
    if name == "EasyDict" and _EASYDICT.fullmatch(module):
        return Global(dotted, _table, _table)
    if name == "Network" and _TF_NETWORK.fullmatch(module):
        return Global(dotted, new=_inert(TF_NETWORK))
    is_module = _TORCH_MODULE.fullmatch(module) or _SCENERY.fullmatch(module)
    if is_module and _TORCH_CLASS.fullmatch(name):
        return Global(dotted, new=_inert(dotted))
    if _PATHS.fullmatch(dotted):
        return Global(dotted, _inert("pathlib.Path"))
    if _FUNCTION.fullmatch(dotted):
        return Global(dotted)
    if any(dotted == each or dotted.startswith(each + ".") for each in _PASSED_OVER):
        made = _passed(dotted)
        return Global(dotted, made, made, is_passed=True)
    return None


def _persistent_object(arguments: tuple[Any, ...]) -> Node:
    (meta,) = arguments
    if type(meta) is not dict or meta.get("type") != "class":
        raise RefusedError("has a persistent object that is none; do not use this file")
    node = Node(PERSISTENT)
    node.build(meta)
    if type(meta.get("class_name")) is not str or type(meta.get("state")) is not dict:
        raise RefusedError("has a persistent object without a class; do not use this file")
    return node


def _table(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if not arguments:
        return {}
    items = arguments[0] if len(arguments) == 1 else None
    if type(items) is dict:
        return dict(items)
    if type(items) is list and all(
        type(i) in (list, tuple) and len(i) == 2 and type(i[0]) in (str, int) for i in items
    ):
        return dict(items)
    raise RefusedError("has a table that is none; do not use this file")


def _set(arguments: tuple[Any, ...]) -> set[Any]:
    items = arguments[0] if arguments else []
    if type(items) is not list or not all(type(i) in (str, int) for i in items):
        raise RefusedError("has a set that is none; do not use this file")
    return set(items)


def _bytes(arguments: tuple[Any, ...]) -> bytes:
    if arguments:
        raise RefusedError("makes bytes in a way no network does; do not use this file")
    return b""


def _encode(arguments: tuple[Any, ...]) -> memoryview | bytes:
    text, *encoding = arguments
    if encoding not in (["latin1"], ["latin-1"]):
        raise RefusedError("encodes text in a way no network does; do not use this file")
    return numpy_arrays.raw_bytes(text)


def _reconstruct_object(arguments: tuple[Any, ...]) -> Any:
    """Answer ``copyreg._reconstructor`` (protocols 0 and 1): class, base, state of the base."""
    made, base, state = arguments
    if type(made) is not Global or made.new is None or type(base) is not Global:
        raise RefusedError("makes an object that no network holds; do not use this file")
    return made.new((state,) if base.name == "builtins.dict" else ())


def _tensor(arguments: tuple[Any, ...]) -> Tensor:
    storage, offset, shape, strides = arguments[:4]
    if type(storage) is not Storage or type(shape) is not tuple or type(strides) is not tuple:
        raise RefusedError("has a tensor without numbers; do not use this file")
    return Tensor(storage, offset, shape, strides)


def _typed_tensor(arguments: tuple[Any, ...]) -> Any:
    """Answer ``torch._tensor._rebuild_from_type_v2``: a tensor that has attributes of its own."""
    rebuild, _, inner, _ = arguments
    name = getattr(rebuild, "name", "")
    if not name.startswith("torch._utils._rebuild_") or type(inner) is not tuple:
        raise RefusedError("has a tensor without numbers; do not use this file")
    return rebuild.reduce(inner)


def _default_table(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Answer ``collections.defaultdict``; what it would make of a missing key is never asked."""
    if len(arguments) > 1 or not all(type(a) is Global or a is None for a in arguments):
        raise RefusedError("has a table that is none; do not use this file")
    return {}


def _first(arguments: tuple[Any, ...]) -> Any:
    return arguments[0]


def _passed(name: str) -> Callable[[tuple[Any, ...]], Passed]:
    return lambda _: Passed(name)


def _inert(name: str) -> Callable[[tuple[Any, ...]], Node]:
    return lambda _: Node(name)


def _entries() -> list[Global]:
    multiarray = "numpy.core.multiarray."
    return [
        Global("collections.OrderedDict", _table, _table),
        Global("builtins.set", _set),
        Global("builtins.bytes", _bytes),
        Global("builtins.object"),
        *(Global(f"builtins.{name}") for name in ("dict", "list", "int", "float", "str", "bool")),
        Global("collections.defaultdict", _default_table),
        Global("_codecs.encode", _encode),
        Global("copyreg._reconstructor", _reconstruct_object),
        Global("numpy.ndarray"),
        *(Global(f"numpy.{name}") for name in _NUMPY_TYPES),
        Global("numpy.dtype", numpy_arrays.Dtype),
        Global(multiarray + "scalar", numpy_arrays.scalar),
        Global(multiarray + "_reconstruct", numpy_arrays.reconstruct),
        Global("numpy.core.numeric._frombuffer", numpy_arrays.from_buffer),
        Global("dill._dill._create_array", numpy_arrays.create),
        Global("torch._utils._rebuild_tensor", _tensor),
        Global("torch._utils._rebuild_tensor_v2", _tensor),
        Global("torch._tensor._rebuild_from_type_v2", _typed_tensor),
        Global("torch.Tensor"),
        Global("torch.nn.parameter.Parameter"),
        Global("torch._utils._rebuild_parameter", _first),
        Global("torch._utils._rebuild_parameter_with_state", _first),
        Global("torch.Size", _first),
        Global("torch.device", _inert("torch.device")),
        # The options of rosinality's trainer; a path among them is made from its parts.
        Global("argparse.Namespace", new=_inert("argparse.Namespace")),
        *(Global(f"torch.{name}") for name in (*DTYPES, *_TORCH_DTYPES)),
    ]


_TABLE = {tuple(entry.name.rsplit(".", 1)): entry for entry in _entries()}
