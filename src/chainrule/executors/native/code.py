"""Machine code from text: compiled by LLVM, kept on disk, loaded again.

Knows text, targets and files of the cache; knows no plan.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chainrule.executors.native import cache as disk
from chainrule.executors.native.memory import Map, from_plain, to_plain
from chainrule.executors.native.target import Target
from chainrule.graph import Node
from chainrule.plan import Plan

LEVEL = 1
"""How hard LLVM works on the choice of instructions. No other passes are run: the text already
says everything in vectors, and passes cost two to five times as much and gave nothing."""


@cache
def _ready() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def _machine(target: Target) -> Any:
    """Return LLVM's machine for a target. One that was used to load code must not be used again."""
    binding = _ready()
    if not target.triple:
        found = binding.Target.from_default_triple()
    else:
        found = binding.Target.from_triple(target.triple)
    return found.create_target_machine(
        cpu=target.cpu, features=target.features, opt=LEVEL, reloc="pic", codemodel="jitdefault"
    )


@dataclass(eq=False)
class Code:
    """Loaded machine code; it lives as long as this object.

    Attributes
    ----------
    engine : object
        LLVM's holder of the memory.
    """

    engine: Any

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """Return a function of the code, callable from Python."""
        address = self.engine.get_function_address(name)
        assert address, f"the code has no function {name}"
        found: Callable[..., Any] = ctypes.CFUNCTYPE(result, *arguments)(address)
        return found

    def address(self, name: str) -> int:
        """Return where a function of the code begins."""
        return int(self.engine.get_function_address(name))


def compile_text(text: str, target: Target) -> bytes:
    """Return the object file that LLVM makes of a module.

    Parameters
    ----------
    text : str
        A module as LLVM reads it.
    target : Target
        For which machine.
    """
    binding = _ready()
    machine = _machine(target)
    module = binding.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    return bytes(machine.emit_object(module))


def load(objects: Sequence[bytes], target: Target) -> Code:
    """Return object files as code that can be called; they may call each other's functions."""
    binding = _ready()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine(target))
    for data in objects:
        engine.add_object_file(binding.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return Code(engine)


def compiled(text: str, target: Target) -> bytes:
    """Return the object file of a module, from the cache if it is there."""
    key = disk.key_of("module", text, target.signature, _llvm())
    found = disk.read(key)
    if found is None:
        found = compile_text(text, target)
        disk.write(key, found)
    return found


_kernels: dict[str, bytes] = {}
"""Object files of kernels in this process, by their keys."""


def _kernel_key(name: str, target: Target) -> str:
    return disk.key_of("kernel", name, target.signature, _llvm())


def _known_kernel(name: str, target: Target) -> bytes | None:
    """Return the object file of a kernel if it was made before, here or by another process."""
    key = _kernel_key(name, target)
    found = _kernels.get(key) or disk.read(key)
    if found is not None:
        _kernels[key] = found
    return found


def _make_kernel(name: str, text: str, target: Target) -> bytes:
    """Return the object file of a kernel, which is the same for every network."""
    found = _known_kernel(name, target)
    if found is None:
        found = compile_text(text, target)
        key = _kernel_key(name, target)
        _kernels[key] = found
        disk.write(key, found)
    return found


@cache
def _llvm() -> str:
    return f"{_ready().llvm_version_info} {disk.source_signature()}"


def code_of(
    plan: Plan, target: Target, state: Sequence[str], gathers: Mapping[str, str], rows: int,
    keep: Sequence[Node], threads: bool = False,
) -> tuple[Map, Code]:  # fmt: skip
    """Return the code of a plan and the map of its memory, from the cache if they are there."""
    given = json.dumps([list(state), sorted(gathers.items()), rows, threads])
    kept = json.dumps([plan.number(node) for node in keep])
    key = disk.key_of("plan", plan_key(plan), given, kept, target.signature, _llvm())
    entry = disk.read(key)
    found = None if entry is None else _unpacked(entry, target)
    if found is None:
        from chainrule.executors.native.lowering import lower, map_of  # not needed from the cache

        lowered = lower(
            plan, state=state, gathers=gathers, rows=rows, keep=keep, target=target, threads=threads
        )
        map_, own = map_of(lowered), compile_text(lowered.text, target)
        disk.write(key, _packed(map_, list(lowered.kernels), own))
        kernels = [_make_kernel(name, text, target) for name, text in lowered.kernels.items()]
        found = map_, [own, *kernels]
    return found[0], load(found[1], target)


def _packed(map_: Map, kernels: list[str], own: bytes) -> bytes:
    head = json.dumps({"map": to_plain(map_), "kernels": kernels}).encode()
    return len(head).to_bytes(8, "little") + head + own


def _unpacked(data: bytes, target: Target) -> tuple[Map, list[bytes]] | None:
    """Return the map and all object files of an entry, or None if a kernel is missing."""
    end = 8 + int.from_bytes(data[:8], "little")
    try:
        head = json.loads(data[8:end])
        map_ = from_plain(head["map"])
        kernels = [_known_kernel(name, target) for name in head["kernels"]]
    except (ValueError, KeyError, TypeError):
        return None
    return (map_, [data[end:], *filter(None, kernels)]) if all(kernels) else None


def plan_key(plan: Plan) -> str:
    """Return what a plan's machine code depends on, as a hash."""
    lines = []
    for i in plan.instructions:
        node = i.node
        attrs = sorted((k, str(v)) for k, v in node.attrs.items())
        data = "" if node.data is None or node.op != "constant" else node.data.tobytes().hex()
        lines.append(
            f"{node.op} {i.inputs} {node.shape} {node.dtype} {attrs} {node.name} {i.phase} {data}"
        )
    number = {i.node: i.number for i in plan.instructions}
    roles = [
        sorted((name, number[node]) for name, node in role.items())
        for role in (plan.forward, plan.gradients, plan.updates)
    ]
    return disk.key_of("\n".join(lines), json.dumps(roles))
