"""What the rows of customers mean together: whose each table's are, holdings, holds, registrations."""
