"""Processors and their models."""
