"""Builds our own images with the engine that is there."""
