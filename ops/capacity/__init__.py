"""Whether an environment fits: its quotas, its nodes, at the minimum, at every maximum and in a rollout."""

FORM = "NAME=cpu,memory[,pods][xCOUNT]"  # of a node type on the command line
