"""Floor 3, was it so? Findings and reports from the text of the SDL, the policy and the store; nothing is executed."""
