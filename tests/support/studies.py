"""Settings of studies that take a moment."""

FLOW_FIELD = {"theory.flow_field.grid": 7, "theory.flow_field.basin": 21, "theory.flow_field.steps": 50}


THEOREMS = {
    "trials": 2,
    "theory.theorem_1.points": 21,
    "theory.theorem_1.sizes": [[6, 5, 3], [3, 2, 2]],
    "theory.theorem_1.rates": [0.01, 0.005],
    "theory.theorem_3.many_examples": 5000,
}
