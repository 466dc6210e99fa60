"""Active learning for 3D biomedical segmentation on stock nnU-Net."""

PROTOCOL_VERSION = "1.0"
