"""How each kind of file becomes pixels; read through core.data.images only."""
