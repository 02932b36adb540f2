"""Starts `bgsvc` in a virtual environment without its launcher: `python -I -S` this file, ENV, ….

The launcher of a virtual environment is a process of its own, and the service control manager
would talk to that one. So the interpreter behind it is started, and takes the environment's place:
its packages, `.pth` files included, and none but its own.
"""

import os
import site
import sys


def enter(prefix: str) -> None:
    """Make this interpreter the one of the virtual environment at `prefix`."""
    base = sys.executable
    setattr(sys, "_base_executable", base)  # noqa: B010 - what `multiprocessing` starts
    sys.executable = os.path.join(prefix, "Scripts", os.path.basename(base))
    sys.prefix = sys.exec_prefix = prefix
    site.addsitedir(os.path.join(prefix, "Lib", "site-packages"))
    with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as file:
        lines = [line.lower().replace(" ", "").strip() for line in file]
    if "include-system-site-packages=true" in lines:
        site.addsitedir(os.path.join(sys.base_prefix, "Lib", "site-packages"))


if __name__ == "__main__":
    _, environment, dash, module, *rest = sys.argv
    enter(environment)
    sys.argv = [module, *rest]

    from bgsvc._cli.main import main

    raise SystemExit(main(rest))
