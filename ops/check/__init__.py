"""Know before you merge: `newstalk check` reads what an environment renders to, and the kustomizations behind it."""
