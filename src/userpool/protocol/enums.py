"""The enumerations of the contract. Fields of shapes are `str`, and take values that are not here."""

from ._generated.enums import *  # noqa: F403 - the generated module says what it exports
from ._generated.enums import __all__ as __all__
