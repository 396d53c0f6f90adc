import assert from 'node:assert/strict';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client/core';
import { cacheExchange, Client, fetchExchange } from '@urql/core';
import * as billing from './invoicing.js';
import * as own from './own.js';

// The screens of an app by Apollo Client and by urql, and a billing run; nothing that the store always has is checked for null.
const url = process.env.GATEWAY_URL!;
const bearer = (name: string) => ({ authorization: `Bearer ${process.env[name]}` });
const apollo = new ApolloClient({ cache: new InMemoryCache({ possibleTypes: { PaymentMethod: ['Card', 'PayPal', 'BankTransfer'] } }), link: new HttpLink({ uri: url, headers: bearer('OWN_TOKEN') }) });
const urql = new Client({ url, exchanges: [cacheExchange, fetchExchange], preferGetMethod: false, fetchOptions: { headers: bearer('OWN_TOKEN') } });
const tool = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, fetchOptions: { headers: bearer('BILLING_TOKEN') } });

// Home, and an invoice of it, by its id alone.
const home = (await apollo.query({ query: own.HomeDocument })).data!;
const me = home.me!;
const days = me.signIns.nodes.map((each) => each.at.slice(0, 10).length);
assert.ok(days.length > 0 && days.every((each) => each === 10));
assert.equal(me.services.nodes.filter((each) => each.kind.length === 0).length, 0);
const invoice = (await urql.query(own.HomeDocument, {}).toPromise()).data!.me!.invoices.nodes[0];
if (invoice !== undefined) {
  assert.ok(Number(invoice.amount.amount) > 0 && invoice.amount.currency.length === 3);
  const screen = (await apollo.query({ query: own.InvoiceScreenDocument, variables: { id: invoice.id } })).data!;
  assert.ok(screen.node !== null && 'number' in screen.node! && screen.node.number === invoice.number);
}
const service = me.services.nodes[0]!;
const again = (await urql.query(own.RefetchServiceDocument, { id: service.id }).toPromise()).data!.node!;
assert.equal(again.__typename, 'Service');

// Pages: the second begins where the first ended.
const first = (await urql.query(own.SignInHistoryDocument, { first: 2 }).toPromise()).data!.me!.signIns;
const second = (await urql.query(own.SignInHistoryDocument, { first: 2, after: first.pageInfo.endCursor }).toPromise()).data!.me!.signIns;
assert.equal(new Set([...first.edges, ...second.edges].map((each) => each.node.id)).size, first.edges.length + second.edges.length);

// Every other screen is answered.
for (const query of [own.ProfileDocument, own.PaymentDocument, own.SecurityDocument, own.PrivacyDocument]) {
  const answer = await apollo.query<own.ProfileQuery | own.PaymentQuery | own.SecurityQuery | own.PrivacyQuery>({ query });
  assert.ok(answer.data?.me?.__typename === 'Customer');
}
const domains = (await urql.query(own.DomainsDocument, { first: 5 }).toPromise()).data!.me!.domains;
for (const each of domains.nodes) {
  const rules = (await urql.query(own.WhoisRulesDocument, { tld: each.tld, kind: each.registrant.kind }).toPromise()).data!;
  assert.equal(rules.registryPolicy!.rules.length, 4);
}
assert.ok((await apollo.query({ query: own.AccessesDocument, variables: { first: 3 } })).data!.me!.accesses.edges.every((each) => each.node.fields.length > 0));

// A form: saved, and refused when it was filled in before; the cache has the new one without another read.
const before = (await apollo.query({ query: own.ProfileDocument, fetchPolicy: 'network-only' })).data!.me!;
const save = (locale: string) => apollo.mutate({ mutation: own.SaveProfileDocument, variables: { input: { ifVersion: before.version, locale } } });
const saved = (await save('de-CH')).data!.updateProfile!;
assert.deepEqual(saved.userErrors, []);
assert.equal(apollo.readQuery({ query: own.ProfileDocument })!.me!.version, before.version + 1);
assert.deepEqual((await save('fr')).data!.updateProfile!.userErrors.map((each) => each.code), ['CONFLICT']);
const news = await urql.mutation(own.ChooseDocument, { input: { wanted: !before.productNews } }).toPromise();
assert.equal(news.data!.setProductNews!.customer!.productNews, !before.productNews);

// The billing run, page by page.
let after: string | null | undefined;
let customers = 0;
let number: string | undefined;
do {
  const page: billing.BillingRunQuery['customers'] = (await tool.query(billing.BillingRunDocument, { first: 50, after }).toPromise()).data!.customers;
  for (const each of page.nodes) {
    assert.ok(each.customerNumber.length > 0 && each.createdAt.endsWith('Z'));
    for (const due of each.invoices.nodes) assert.equal(due.customer.customerNumber, each.customerNumber);
  }
  customers += page.nodes.length;
  number ??= page.nodes[0]!.customerNumber;
  after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
} while (after);

// One customer, by the number on a letter: exactly one key, which the types enforce.
const found = (await tool.query(billing.FindForBillingDocument, { by: { customerNumber: number! } }).toPromise()).data!.customer!;
assert.equal(found.customerNumber, number);
assert.ok(found.invoices.nodes.every((each) => each.issuedAt.endsWith('Z') && Number.isFinite(Number(each.amount.amount))));
console.log(JSON.stringify({ customers }));
