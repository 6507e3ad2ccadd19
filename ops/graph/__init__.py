"""The command that draws the platform; the drawing itself is the library's, `charts.topology`."""
