"""Commands about requests: erasures, exports, restrictions, objections, legal requests, recipients."""
