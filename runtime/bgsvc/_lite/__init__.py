"""Stand-ins for `enum`, `dataclasses` and `json` that cost a fraction of their import."""
