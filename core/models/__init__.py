"""Pretrained networks: which there are, their weights, their layers, their features, the device they run on."""
