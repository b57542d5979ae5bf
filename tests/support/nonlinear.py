"""Shared by the tests of nonlinear."""

import pandas as pd

CONFIG = """\
figure: nonlinear
trials: 4
task:
  {name: nonlinear, inputs: 6, outputs: 3, hidden: [5, 4], target_range: 0.7, target_bias_range: 0.4, test_examples: 60}
network: {hidden: [5], activation: tanh, bias: true, init_range: 0.3}
training: {examples: 600}
record: {grid: log, points: 12, probes: [test_nse]}
algorithms:
  shallow_3: {rule: shallow, learning_rate: 0.01}
  backprop_3: {rule: backprop, learning_rate: 0.02}
  feedback_alignment_3: {rule: feedback_alignment, learning_rate: 0.02, feedback_range: 0.5}
  backprop_4: {rule: backprop, learning_rate: 0.02, network: {hidden: [5, 4]}}
  feedback_alignment_4:
    rule: feedback_alignment
    learning_rate: 0.02
    feedback_range: [0.5, 0.8]
    network: {hidden: [5, 4]}
    record: {probes: [test_nse, angle_backprop_layer1_deg, angle_backprop_layer2_deg]}
"""


def ends(three: list[float], four: list[float], at: int = 100) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"algorithm": f"backprop_{layers}", "trial": trial, "example": example, "nse": value if example else 1.0}
            for layers, values, last in ((3, three, 100), (4, four, at))
            for trial, value in enumerate(values)
            for example in (0, 50, last)
        ]
    ).drop_duplicates()
