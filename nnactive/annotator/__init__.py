"""An annotator who errs: what the labels inside patches look like when a hand has drawn them."""
