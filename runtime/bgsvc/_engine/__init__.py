"""Runs services: starts, stops, restarts and time limits, one supervisor per service."""
