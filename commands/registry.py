"""Every command that this house has: each file of this room that declares one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import commands
from commands.command import COMMANDS, Definition

for _module in sorted(module.name for module in iter_modules(commands.__path__)):
    if _module not in {"registry", "machinery"}:
        import_module(f"commands.{_module}")

DEFINITIONS: dict[str, Definition] = dict(sorted(COMMANDS.items()))
