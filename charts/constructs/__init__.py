"""One file per concern, each a model value in and Kubernetes objects out."""
