"""SIMD vectors: a row of floats as wide as the processor's registers, as a type of compiled loops.

Needs Numba; `blocks` is what everybody else imports.
"""

# ruff: noqa: ARG001 -- Numba hands its own arguments and those of the call to each of these

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, models, register_model

LANES = 16 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 8
ROW = ir.VectorType(ir.FloatType(), LANES)
_IS_CHECKED = bool(getattr(config, "BOUNDSCHECK", False))
"""NUMBA_BOUNDSCHECK=1 (and an empty NUMBA_CACHE_DIR): a loop that leaves its array raises."""
LOOSE = ("contract", "reassoc", "nsz")  # as in `compile.compile_loop`


class Lanes(types.Type):
    """So many float32 side by side."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ROW)  # type: ignore[no-untyped-call]  # half typed


lanes = Lanes()


def _place(context: Any, builder: Any, kind: Any, of: Any, count: int = LANES) -> Any:
    """Address of `count` numbers, of array and index: without bounds and negative indices."""
    found, index = context.make_array(kind)(context, builder, of[0]), of[1]
    if _IS_CHECKED:
        last = builder.add(index, ir.Constant(index.type, count - 1))
        for each in (index, last):  # unsigned: below 0 is far beyond the end, too
            with builder.if_then(builder.icmp_unsigned(">=", each, found.nitems), likely=False):
                context.call_conv.return_user_exc(builder, IndexError, ("beyond its array",))
    return builder.gep(found.data, [index])


def _repeat(builder: Any, value: Any) -> Any:
    nothing, whole = ir.Constant(ROW, ir.Undefined), ir.IntType(32)
    first = builder.insert_element(nothing, value, whole(0))
    order = ir.Constant(ir.VectorType(whole, LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, order)


@intrinsic
def load(_: Any, array: Any, index: Any) -> Any:
    """Read the lanes that start at a place of a flat array."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], arguments)
        return builder.load(builder.bitcast(place, ROW.as_pointer()), align=4)

    return lanes(array, types.intp), make


@intrinsic
def store(_: Any, array: Any, index: Any, value: Any) -> Any:
    """Write the lanes that start at a place of a flat array."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], arguments)
        builder.store(arguments[2], builder.bitcast(place, ROW.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), make


@intrinsic
def broadcast(_: Any, array: Any, index: Any) -> Any:
    """Read one number of a flat array into all lanes."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], arguments, 1)
        return _repeat(builder, builder.load(place))

    return lanes(array, types.intp), make


@intrinsic
def splat(_: Any, value: Any) -> Any:
    """Put one number into all lanes."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _repeat(builder, arguments[0])

    return lanes(types.float32), make


@intrinsic
def total(_: Any, value: Any) -> Any:
    """Sum the lanes."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, width = arguments[0], LANES
        while width > 1:
            width //= 2
            whole = ir.VectorType(ir.IntType(32), width)
            low = ir.Constant(whole, list(range(width)))
            high = ir.Constant(whole, list(range(width, 2 * width)))
            halves = [builder.shuffle_vector(row, row, half) for half in (low, high)]
            row = builder.fadd(*halves, flags=LOOSE)
        return builder.extract_element(row, ir.IntType(32)(0))

    return types.float32(lanes), make


def _choose(order: str) -> Callable[..., Any]:
    def choose(_: Any, a: Any, b: Any) -> Any:
        def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.select(builder.fcmp_ordered(order, *arguments), *arguments)

        return lanes(a, b), make

    return choose


maximum = intrinsic(_choose(">"))  # of two lanes; the second where either is no number
minimum = intrinsic(_choose("<"))


def _register(operation: Callable[..., Any], name: str) -> None:
    class Operation(ConcreteTemplate):
        cases = (lanes(lanes, lanes),)

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return getattr(builder, name)(*arguments, flags=LOOSE)

    infer_global(operation)(Operation)  # type: ignore[no-untyped-call]
    lower_builtin(operation, Lanes, Lanes)(make)  # type: ignore[no-untyped-call]


for _operation, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _register(_operation, _name)
