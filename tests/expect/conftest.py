"""The shop, which the tests of loading brought, is here too."""

from loading.conftest import shop, write

__all__ = ["shop", "write"]
