"""The one client for requests that leave the house: where they may go, in which time, and how much is read."""
