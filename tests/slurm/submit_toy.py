"""Submits the toy track, whose steps are stand-ins: FOLDER PROFILE CUT SEEDS."""

import sys
from pathlib import Path

from toy import make_request, make_track

from benchmark.cluster.outer.submit import submit_shards
from benchmark.cluster.profiles.profile import load_profile
from benchmark.cluster.shards import Kind

folder, profile, cut, seeds = sys.argv[1:]
track = make_track(loops=2, seeds=tuple(range(int(seeds))), methods=("random", "bald"))
left = submit_shards(make_request(Path(folder), track), load_profile(profile), Kind(cut), print)
sys.exit(bool(left))
