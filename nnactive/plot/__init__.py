"""Pictures for notebooks, by matplotlib: a query, a score, learning curves.

``from nnactive import plot``, then ``plot.query(pool, patches)``; each function returns the axes.
"""

from nnactive.plot.curves import curves
from nnactive.plot.planes import query, score

__all__ = ["curves", "query", "score"]
