"""Brings a cluster to what a commit says, and back to the last good commit when that does not work."""
