"""What a patch is labelled in: crops of images, label maps to fill, pictures, records."""
