"""The published language of Flash Mentoring: event models, topics, JSON Schema and golden examples.

Everything a service says to another one is defined here and nowhere else.
"""
