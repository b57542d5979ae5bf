"""Reading and writing files: atomic replacement, strict YAML, manifests with checksums."""
