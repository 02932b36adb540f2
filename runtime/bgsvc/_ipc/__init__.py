"""The local channel of a desktop service: its daemon's end, and that of whoever talks to it."""
