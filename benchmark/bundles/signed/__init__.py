"""Who stands behind a bundle or an attestation: SSH signatures, and the level that they give."""
