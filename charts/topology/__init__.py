"""The picture of a platform: a graph of its values, drawn as Mermaid and as SVG. Free of cdk8s, as the model is."""
