"""What the runtime needs of its surroundings: a clock, and the host it lives in."""
