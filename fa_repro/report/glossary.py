"""Terms of the report, each explained in a line or two."""

TERMS = {
    "Backprop": "Errors e reach the hidden layer through the transposed forward weights: its teaching signal is W' e.",
    "Feedback alignment": "As backprop, but with fixed random weights B in place of W': the teaching signal is B e. "
    "The forward weights adapt to B, so that the updates turn towards those of backprop.",
    "Sparse feedback alignment": "Feedback alignment with half of the elements of W and of B removed.",
    "Pseudobackprop": "The teaching signal is pinv(W) e, with the Moore-Penrose inverse of the forward weights.",
    "Shallow": "Only the output layer learns; the hidden layer keeps its initial weights.",
    "Reinforcement": "Node perturbation: the hidden units get noise, and noise that lowers the loss is reinforced.",
    "e": "The error of the output: target minus output.",
    "NSE": "Normalised squared error, |y* - y|² / |y*|²: 1 if the output is always 0, and 0 if it is perfect.",
    "Test error": "Percentage of the 10,000 test images that are classified as the wrong digit.",
    "Angle": "The angle between the hidden layer's updates by two rules for the same examples. "
    "An update at less than 90° to backprop's lowers the loss, if it is small.",
    "Trial": "One training run with its own random weights and examples. "
    "Trials with the same number start alike under all rules.",
    "Interval": "95 % interval over trials: from the t distribution for means, by bootstrap for distances of curves.",
    "Decade": "A factor of 10.",
    "e'WBe": "If it is above 0, the feedback B e changes the hidden layer in a direction that lowers the loss. "
    "With one neuron per layer, it has the sign of B W.",
}
