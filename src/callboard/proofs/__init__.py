"""Keys, signatures and checkpoints of the deployment's log, as they are kept and made on this machine."""
