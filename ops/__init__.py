"""What people and CI run: a thin command line over one module per verb."""
