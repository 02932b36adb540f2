"""The spec: `bgsvc.toml` found, read, checked, and edited."""
