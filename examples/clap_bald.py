"""Class-balanced BALD with power noise, composed from parts."""

from nnactive.methods.stratified import ClassBalancedPower
from nnactive.methods.uncertainty import Bald


class ClapBald(Bald, ClassBalancedPower):
    """As clap_pe, with bald's mutual information instead of the predictive entropy."""

    name = "clap_bald"
