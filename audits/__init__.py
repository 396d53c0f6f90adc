"""Floor 3, was it so? Findings and reports from the SDL's text, the policy and the store; nothing is executed."""
