"""The ledger: append, Merkle tree, signed checkpoints, proofs, export, verification, pruning."""
