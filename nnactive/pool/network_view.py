"""What a query method may ask of the ensemble: predictions, features, the networks themselves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import overload

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, Triple
from nnactive.pool.features import VoxelFeatures
from nnactive.pool.guards import holding, infrastructure, not_while_holding
from nnactive.pool.info import PoolInfo
from nnactive.pool.network import (
    LAST_OF_ENCODER,
    LentNetwork,
    NetworkSource,
    checked_image,
    checked_patches,
    stage_of,
)
from nnactive.pool.sources import Sources
from nnactive.query.prediction import Need, Prediction


class NetworkView:
    """The part of a pool that needs the ensemble; axis order ``(Z, Y, X)``, sizes in voxels."""

    def __init__(self, info: PoolInfo, sources: Sources) -> None:
        self._info = info
        self._sources = sources

    def shape(self, case: str) -> Triple:
        """Shape of a case's image."""
        if case not in self._info.shapes:
            raise MethodError(f"the pool has no case '{case}'; pool.cases lists them")
        return self._info.shapes[case]

    def predict(self, case: str, image: np.ndarray | None = None) -> Prediction:
        """The ensemble's prediction for a case's image, or for one that was made from it.

        Args:
            case: case id.
            image: another image of the same shape ``(C, Z, Y, X)``, such as a mirrored or a noisy
                one; by default the case's own. The prediction is that of this image, in its own
                orientation, and holds on to it.

        Raises:
            MethodError: if the image has another shape, or isn't of finite floats.
        """
        shape = self.shape(case)
        not_while_holding(f"{case}: pool.predict")
        network = self._sources.network
        if image is None or network is None:
            if image is not None and self._sources.needs:
                raise MethodError(f"{case}: this pool has no network to predict another image")
            with infrastructure(case, "prediction"):
                return self._sources.predictor(case, self._sources.needs)
        given = checked_image(case, image, (network.channels, *shape))
        with infrastructure(case, "prediction"):
            return network.predict(case, given, self._sources.needs)

    def embed(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """The ensemble's features of patches of one case, float32 ``(len(patches), D)``.

        A member's features are the mean over the patch of its encoder's last feature maps; those
        of all members are concatenated, which gives D. The same as `features` of the stage
        ``encoder.-1``.

        Raises:
            MethodError: if the method doesn't declare the need ``embedding``, or a patch isn't
                inside the case's image.
        """
        shape = self.shape(case)
        not_while_holding(f"{case}: pool.embed")
        embedder = self._sources.embedder
        if embedder is None or Need.EMBEDDING not in self._sources.needs:
            raise MethodError(
                f"{case}: pool.embed() requires '{Need.EMBEDDING}' in the class's needs"
            )
        checked_patches(case, patches, shape)
        with infrastructure(case, "embedding"):
            return embedder(case, patches)

    @property
    def n_members(self) -> int:
        """Number of the ensemble's members.

        Raises:
            MethodError: if the method declares neither the need ``features`` nor ``network``.
        """
        return self._network("pool.n_members", Need.FEATURES, Need.NETWORK).members

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the network's stages in the order of computation, such as ``decoder.0``.

        Raises:
            MethodError: if the method declares neither the need ``features`` nor ``network``.
        """
        return self._network("pool.stages", Need.FEATURES, Need.NETWORK).stages()

    @overload
    def features(
        self,
        case: str,
        stage: str = ...,
        patches: None = ...,
        *,
        image: np.ndarray | None = ...,
    ) -> list[VoxelFeatures]: ...

    @overload
    def features(
        self, case: str, stage: str, patches: Sequence[Patch], *, image: np.ndarray | None = ...
    ) -> np.ndarray: ...

    def features(
        self,
        case: str,
        stage: str = LAST_OF_ENCODER,
        patches: Sequence[Patch] | None = None,
        *,
        image: np.ndarray | None = None,
    ) -> np.ndarray | list[VoxelFeatures]:
        """The ensemble's features of patches of one case, or of all its voxels.

        Args:
            case: case id.
            stage: which feature map: ``encoder.0`` (first, full resolution) to ``encoder.-1``
                (last, coarsest), ``decoder.0`` (coarsest) to ``decoder.-1`` (the input of the
                segmentation layer); `stages` lists them.
            patches: patches inside the image; None: every voxel.
            image: as in `predict`.

        Returns:
            With patches, float32 ``(len(patches), D)``: each member's mean over the patch, those of
            all members side by side. Without, one `VoxelFeatures` for each member, which streams
            its features when used.

        Raises:
            MethodError: if the method doesn't declare the need ``features``, there is no such
                stage, or a patch isn't inside the image.
        """
        shape = self.shape(case)
        not_while_holding(f"{case}: pool.features")
        network = self._network(f"{case}: pool.features", Need.FEATURES)
        name = stage_of(stage, network.stages())
        if image is not None:
            image = checked_image(case, image, (network.channels, *shape))
        if patches is None:
            return network.voxel_features(case, shape, name, image)
        checked_patches(case, patches, shape)
        with infrastructure(case, "features"):
            return network.features(case, name, patches, image)

    @contextmanager
    def network(self, member: int) -> Iterator[LentNetwork]:
        """One member's network, as a context: ``with pool.network(0) as net:``.

        It is a copy in evaluation mode on `device`, so that the ensemble stays as it is whatever
        the block does. While it is lent, no other worker predicts on the same network.

        Args:
            member: from 0 to ``n_members - 1``.

        Raises:
            MethodError: if the method doesn't declare the need ``network``, there is no such
                member, or this thread is inside such a block already.
        """
        network = self._network("pool.network", Need.NETWORK)
        not_while_holding("pool.network")
        if type(member) is not int or member not in range(network.members):
            raise MethodError(
                f"pool.network({member!r}): the members are 0 to {network.members - 1}"
            )
        with network.lend(member) as lent, holding("pool.network"):
            yield lent

    @property
    def device(self) -> str:
        """Where the query computes, as torch takes it: ``cpu``, or a GPU's name."""
        return "cpu" if self._sources.device is None else self._sources.device()

    def _network(self, ask: str, *needs: Need) -> NetworkSource:
        network = self._sources.network
        if network is None or not self._sources.needs & set(needs):
            listed = " or ".join(f"'{need}'" for need in needs)
            raise MethodError(f"{ask} requires {listed} in the class's needs")
        return network
