"""`gateway doctor`: looks for what an operator should mend before customers, or their data, notice."""
