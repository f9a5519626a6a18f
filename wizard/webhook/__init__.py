"""Receiving: the callback's route and probe, the receiver, its inbox, tunnels, forwarding."""
