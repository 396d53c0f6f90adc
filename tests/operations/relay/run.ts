import assert from 'node:assert/strict';
import { Environment, fetchQuery, Network, RecordSource, Store, type GraphQLResponse } from 'relay-runtime';
import query, { type documentsBillingRunQuery } from './__generated__/documentsBillingRunQuery.graphql.js';

// Relay sends the id that its compiler gave to the document, and never a text.
const network = Network.create(async (request, variables): Promise<GraphQLResponse> => {
  assert.ok(request.id && !request.text);
  const answer = await fetch(process.env.GATEWAY_URL!, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.BILLING_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ documentId: `sha256:${request.id}`, variables }),
  });
  return (await answer.json()) as GraphQLResponse;
});
const environment = new Environment({ network, store: new Store(new RecordSource()) });
const data = await fetchQuery<documentsBillingRunQuery>(environment, query, { first: 20 }).toPromise();
const numbers = data!.customers.nodes.flatMap((each) => each.invoices.nodes.map((invoice) => `${invoice.number} ${invoice.amount.currency} ${invoice.customer.customerNumber.length}`));
console.log(JSON.stringify({ customers: data!.customers.nodes.length, invoices: numbers.length }));
