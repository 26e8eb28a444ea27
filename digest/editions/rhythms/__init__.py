"""Rhythms: one file each. What stands in this folder is a rhythm that `every` in the configuration may name."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from digest.editions.rhythm import Recurrence


def _rhythms() -> Mapping[str, type[Recurrence]]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.RHYTHM.name: module.RHYTHM for module in modules}


RHYTHMS = _rhythms()
