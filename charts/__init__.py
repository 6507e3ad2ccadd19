"""The library: workloads as values in, cdk8s charts out. It knows no platform by name."""
