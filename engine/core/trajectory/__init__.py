"""The chain position → motion → modifiers → latent; its settings, events and snapshot."""
