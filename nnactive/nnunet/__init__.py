"""The only package that imports nnunetv2 or knows its file names."""
