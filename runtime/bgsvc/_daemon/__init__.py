"""The process of a desktop service: its signals, its exit, and the IPC server."""
