"""Images of every kind that a person may have, each small."""

import numpy as np
import pytest
import SimpleITK
from scans import image


@pytest.fixture
def scan() -> SimpleITK.Image:
    return image(1)


@pytest.fixture
def values(scan) -> np.ndarray:
    return SimpleITK.GetArrayFromImage(scan)
