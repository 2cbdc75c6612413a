"""Compile the CUDA kernels for real architectures, without a GPU: registers, spills, shared memory.

``python -m bench.gpu_compile [75 80 86 89 90 100 120]``: a line each, and 1 if a kernel spills, or
wants more than 128 registers a thread or 48 KB of shared memory. Triton brings its own assembler.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
MOST_REGISTERS, MOST_SHARED = 128, 48 * 1024
TENSOR_CORES = 80  # from which architecture on Triton uses them
FLOATS = ("noise_ptr", "strength_ptr", "after_ptr", "bias_ptr", "demodulation_ptr", "taps_ptr",
          "colours_ptr", "colour_weight_ptr", "colour_bias_ptr", "picture_ptr")  # fmt: skip
NUMBERS = ("slope", "clamp", "gain", "colour_clamp")

_LRELU = {"HIGH": 32, "WIDE": 64, "OUT_WIDE": 32, "EXACT": False}
_EPILOGUE = {"PIXELS": 16, "CHANNELS": 64, "IS_NOISY": True, "KEEPS": True}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "filtered_lrelu up 2": ("filtered_lrelu_kernel", {
        **_LRELU, "UP": 2, "IN_HIGH": 32, "IN_WIDE": 64, "VALID": 27, "RANK": 1}),
    "filtered_lrelu up 4": ("filtered_lrelu_kernel", {
        **_LRELU, "UP": 4, "IN_HIGH": 16, "IN_WIDE": 32, "VALID": 26, "RANK": 1}),
    "filtered_lrelu up 2, radial": ("filtered_lrelu_kernel", {
        **_LRELU, "UP": 2, "IN_HIGH": 32, "IN_WIDE": 64, "VALID": 27, "RANK": 3}),
    "filtered_lrelu up 4, radial": ("filtered_lrelu_kernel", {
        **_LRELU, "UP": 4, "IN_HIGH": 16, "IN_WIDE": 32, "VALID": 26, "RANK": 2}),
    "epilogue": ("epilogue_kernel", {**_EPILOGUE, "TAPS": 1, "HAS_COLOURS": False}),
    "epilogue of a doubling": ("epilogue_kernel", {**_EPILOGUE, "TAPS": 4, "HAS_COLOURS": False}),
    "epilogue with colours": ("epilogue_kernel", {**_EPILOGUE, "TAPS": 1, "HAS_COLOURS": True}),
    "grow": ("grow_kernel", {"PIXELS": 256}),
    "finish": ("finish_kernel", {"CHANNELS": 3, "IS_SIGNED": True, "PIXELS": 256}),
}  # fmt: skip


class Compiled(NamedTuple):
    """What a kernel needs of a multiprocessor."""

    registers: int
    spilled: int
    shared: int
    tensor_core: int

    @property
    def is_fit(self) -> bool:
        """Whether it keeps to the bounds."""
        fits = self.registers <= MOST_REGISTERS and self.shared <= MOST_SHARED
        return fits and not self.spilled


def compile_for(case: str, architecture: int) -> Compiled:
    """Compile a kernel; raises what Triton says."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from engine.generators.cuda import kernels
    from engine.generators.cuda.kernels import STAGES, WARPS
    from engine.generators.host import finish_kernel

    name, constants = CASES[case]
    kernel: Any = getattr(finish_kernel if name == "finish_kernel" else kernels, name)
    names = list(kernel.arg_names)
    kinds = {n: "constexpr" if n in constants else _kind(n, name) for n in names}
    source = ASTSource(
        fn=kernel,
        signature=kinds,
        constexprs={(names.index(n),): value for n, value in constants.items()},
        attrs={(i,): [["tt.divisibility", 16]] for i, n in enumerate(names) if n.endswith("_ptr")},
    )
    options = {"num_warps": WARPS, "num_stages": STAGES}
    compiled = triton.compile(source, target=GPUTarget("cuda", architecture, 32), options=options)
    code = compiled.asm["ptx"]
    usage = _usage(compiled.asm["cubin"])
    cores = sum(code.count(word) for word in ("mma.sync", "wgmma.mma", "tcgen05.mma"))
    return Compiled(usage[0], usage[1], int(compiled.metadata.shared), cores)


def _kind(name: str, kernel: str) -> str:
    if not name.endswith("_ptr"):
        return "fp32" if name in NUMBERS else "i32"
    if kernel == "grow_kernel" or name == "pixels_ptr":
        return "*fp32"
    is_filtered = kernel == "filtered_lrelu_kernel"
    return "*fp16" if name not in FLOATS or (is_filtered and name == "bias_ptr") else "*fp32"


def _usage(code: bytes) -> tuple[int, int]:
    """Registers of a thread and bytes that it spills, from the assembled kernel."""
    import triton

    tools = sorted(Path(triton.__file__).parent.rglob("cuobjdump*"))
    with tempfile.NamedTemporaryFile(suffix=".cubin", delete=False) as file:
        file.write(code)
    try:
        said = subprocess.run(
            [tools[0], "-res-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    finally:
        os.unlink(file.name)
    found = re.search(r"REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+)", said)
    if found is None:
        raise ValueError(f"cuobjdump says nothing of registers: {said[-200:]}")
    return int(found[1]), int(found[2]) + int(found[3])


def is_served(case: str, architecture: int) -> bool:
    """Whether an architecture plays by a kernel: products of matrices want tensor cores."""
    return architecture >= TENSOR_CORES or not case.startswith("filtered")


def main() -> int:
    architectures = [int(each) for each in sys.argv[1:]] or ARCHITECTURES
    is_fit = True
    for architecture in architectures:
        for case in (each for each in CASES if is_served(each, architecture)):
            found = compile_for(case, architecture)
            is_fit = is_fit and found.is_fit
            print(
                f"sm_{architecture:<4} {case:28} {found.registers:3} registers, "
                f"{found.spilled} B spilled, {found.shared / 1024:5.1f} KB shared, "
                f"{found.tensor_core} on tensor cores{'' if found.is_fit else '   TOO MUCH'}",
                flush=True,
            )
    return 0 if is_fit else 1


if __name__ == "__main__":
    sys.exit(main())
