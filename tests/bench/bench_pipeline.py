"""Seconds per ticket with the embedded model: known and novel questions of the sample mailbox.

    python tests/bench/bench_pipeline.py

Targets on two cores: known ≤4 s, novel ≤2 s (a comparable hosted pipeline publishes 8 to 12 and 6 to 10).
"""

import json
import statistics
import subprocess
import sys


def main() -> int:
    command = [sys.executable, "-m", "desk", "demo", "--headless", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in json.loads(done.stdout) if line["written_by"]]
    for known in ("known", "unsure", "novel"):
        seconds = sorted(line["seconds"] for line in lines if line["known"] == known)
        if len(seconds) > 1:
            p90 = statistics.quantiles(seconds, n=10)[8]
            print(f"{known:8} {len(seconds):3} tickets   median {statistics.median(seconds):6.2f} s   p90 {p90:6.2f} s")
    by = {who: sum(line["written_by"] == who for line in lines) for who in ("composed", "model")}
    print(f"drafts offered: {by['composed']} composed, {by['model']} the model's")
    print(f"stories that ended where they should: {sum(not line['wrong'] for line in json.loads(done.stdout))}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
