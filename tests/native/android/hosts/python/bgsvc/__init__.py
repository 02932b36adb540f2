"""In the runtime's place."""
