"""Turns a configuration into a plan, and a plan into a trained network."""
