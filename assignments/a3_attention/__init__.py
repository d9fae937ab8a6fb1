"""Assignment 3, attention: softmax, attention with any score, masks, several heads, positions."""
