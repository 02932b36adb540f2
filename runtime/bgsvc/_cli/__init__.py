"""The command line, `python -m bgsvc`."""
