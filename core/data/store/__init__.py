"""What Graft keeps of the images: the project on disk, and what it writes for other programs."""
