"""A Kubernetes cluster in processes of this machine: a real control plane whose kubelet is simulated."""
