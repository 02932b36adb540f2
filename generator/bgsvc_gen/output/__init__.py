"""The output folder: comparing it with the spec, and updating it."""
