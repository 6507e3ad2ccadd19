"""NewsTalk AI as values: the only place that knows its names and figures.

A figure without a word about its source is the specification's. Others say where they come from.
"""
