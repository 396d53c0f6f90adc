"""The addresses beside the pages: GraphQL, exports, receipts, RDAP, metrics, transparency."""
