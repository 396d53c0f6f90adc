"""What every sign-in page is made of: requests, cookies, markup, words."""
