"""Everything that the page shows, as plain data; Dice, AUBC and scores are in percent here.

A *league* is what may be compared: one group (measured or published), track, protocol version,
nnU-Net version and training length. A *view* is a league restricted to a dataset, a regime or a
query patch size: the choices of the main table's filters.
"""

from leaderboard.model.boards import Apart, Board, League, LeftOut
from leaderboard.model.details import MethodInSetting
from leaderboard.model.groups import Group
from leaderboard.model.methods import Badge, Entrant
from leaderboard.model.relations import (
    Agreement,
    CriticalDifference,
    LengthEffect,
    PairwisePenalty,
    QuerySizeEffect,
    Relations,
)
from leaderboard.model.studies import (
    Study,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudySource,
    StudyTable,
)
from leaderboard.model.tables import (
    ClassFigure,
    Column,
    Concordance,
    CurvePoint,
    EfficiencyFit,
    Row,
    SettingRow,
    SettingTable,
    Status,
    Value,
    View,
)
from leaderboard.model.verdicts import Repeat, Verdict

__all__ = [
    "Agreement",
    "Apart",
    "Badge",
    "Board",
    "ClassFigure",
    "Column",
    "Concordance",
    "CriticalDifference",
    "CurvePoint",
    "EfficiencyFit",
    "Entrant",
    "Group",
    "League",
    "LeftOut",
    "LengthEffect",
    "MethodInSetting",
    "PairwisePenalty",
    "QuerySizeEffect",
    "Relations",
    "Repeat",
    "Row",
    "SettingRow",
    "SettingTable",
    "Status",
    "Study",
    "StudyCell",
    "StudyChart",
    "StudyLine",
    "StudyPanel",
    "StudyPart",
    "StudySource",
    "StudyTable",
    "Value",
    "Verdict",
    "View",
]
