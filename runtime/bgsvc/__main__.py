"""`python -m bgsvc`."""

from bgsvc._cli import main

if __name__ == "__main__":
    raise SystemExit(main())
