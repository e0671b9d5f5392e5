"""The sample images, drawn when they are first wanted."""
