"""Images as they lie on disk: found, read, split, kept in a project. Knows nothing of networks."""
