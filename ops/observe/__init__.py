"""What Prometheus says of a deployed environment."""
