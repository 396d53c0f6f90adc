import { graphql } from 'relay-runtime';

// Relay compiles what stands in such tags; names begin with that of the file.
graphql`
  query documentsBillingRunQuery($first: Int, $after: String) @throwOnFieldError {
    customers(first: $first, after: $after) {
      nodes {
        id
        customerNumber
        createdAt
        invoices(first: 5, filter: { paid: false }) {
          nodes {
            id
            number
            amount {
              amount
              currency
            }
            customer {
              id
              customerNumber
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;
