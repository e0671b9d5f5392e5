"""What lies in a folder of images, and what reading each file said."""
