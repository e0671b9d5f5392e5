"""What a person should know about the images before training: one check for each kind of trouble."""
