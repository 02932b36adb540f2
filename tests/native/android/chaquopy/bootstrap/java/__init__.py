"""In the place of the package that Chaquopy puts into every app."""
