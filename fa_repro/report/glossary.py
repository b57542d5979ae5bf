"""Terms of the report, each in a line or two."""

TERMS = {
    "Backprop": "Errors e reach the hidden layer through the transposed forward weights: its teaching signal is W' e.",
    "Feedback alignment": "The same with fixed random weights B in place of W': the teaching signal is B e. "
    "The forward weights come to fit B, so that its updates turn towards backprop's.",
    "Sparse feedback alignment": "Feedback alignment with half of the elements of W and of B removed.",
    "Pseudobackprop": "The teaching signal is pinv(W) e, by the Moore-Penrose inverse of the forward weights.",
    "Shallow": "Only the output layer learns; the hidden layer stays as it was drawn.",
    "Reinforcement": "Node perturbation: noise is added to the hidden units, and what lowered the loss is reinforced.",
    "e": "The error of the output, target minus output.",
    "NSE": "Normalised squared error, |y* - y|² over |y*|²: 1 for an output that is always 0, 0 for a perfect one.",
    "Test error": "Per cent of the 10,000 test images that are given the wrong digit.",
    "Angle": "Between the hidden layer's update by one rule and by another for the same examples. "
    "Below 90° the first goes downhill where the other does.",
    "Trial": "One training from its own random weights and examples; trials of one number start alike under all rules.",
    "Interval": "95 % interval over trials: of the mean by the t distribution, of a curve's distance by the bootstrap.",
    "Decade": "A factor of 10.",
    "e'WBe": "Above 0, the feedback B e pushes the hidden layer the way that lowers the loss; "
    "with one neuron per layer it has the sign of B W.",
}
