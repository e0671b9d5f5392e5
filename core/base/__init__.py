"""What every layer above may use: errors, events, settings, registry, files. Knows nothing of images or networks."""
