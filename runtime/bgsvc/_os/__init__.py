"""The operating system's own services: installed, started, asked and removed; desktop only."""
