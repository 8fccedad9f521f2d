"""Encoder, heads, network and the EMA teacher."""
