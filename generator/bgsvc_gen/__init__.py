"""One Python class and one `bgsvc.toml` become native background services."""

__version__ = "0.1.0"
