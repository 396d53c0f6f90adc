import assert from 'node:assert/strict';
import { GraphQLClient } from 'graphql-request';
import * as api from './generated.js';

const client = new GraphQLClient(process.env.GATEWAY_URL!, { headers: { authorization: `Bearer ${process.env.GATEWAY_TOKEN}` } });

type Problems = readonly { code: string; field: readonly string[]; message: string }[];
const fine = (problems: Problems) => assert.deepEqual(problems, []);
const codes = (problems: Problems) => problems.map((each) => each.code);

// Profile: a stale edit is a conflict, a wrong number a typed error, and a marked change is made once.
const before = (await client.request(api.MeDocument)).me!;
const first = await client.request(api.ProfileDocument, { input: { ifVersion: before.version, phone: '+41 21 555 12 34', locale: 'fr' } });
fine(first.updateProfile!.userErrors);
const stale = await client.request(api.ProfileDocument, { input: { ifVersion: before.version, locale: 'de' } });
assert.deepEqual(codes(stale.updateProfile!.userErrors), ['CONFLICT']);
const wrong = await client.request(api.ProfileDocument, { input: { phone: '12' } }, { 'accept-language': 'fr' });
assert.deepEqual(codes(wrong.updateProfile!.userErrors), ['INVALID_PHONE']);
assert.match(wrong.updateProfile!.userErrors[0]!.message, /^Écrivez/);
fine((await client.request(api.EmailDocument, { input: { email: 'somebody.new@example.net' } })).requestEmailChange!.userErrors);

// A card: not without the tick; with it, once; and gone with the consent.
const { consentWording } = await client.request(api.WordingDocument, { kind: 'CARD_STORAGE', language: 'fr' });
const card = (agreed: boolean) => ({
  number: '4242 4242 4242 4242', expMonth: 3, expYear: 2031,
  consent: { agreed, wordingVersion: consentWording.version, language: consentWording.language },
});
assert.deepEqual(codes((await client.request(api.AddCardDocument, { input: card(false) })).addCard!.userErrors), ['CONSENT_REQUIRED']);
const marked = { 'idempotency-key': '"story-card-1"' };
const [one, two] = [await client.request(api.AddCardDocument, { input: card(true) }, marked), await client.request(api.AddCardDocument, { input: card(true) }, marked)];
fine(one.addCard!.userErrors);
assert.equal(one.addCard!.card!.id, two.addCard!.card!.id);
assert.equal(one.addCard!.card!.last4, '4242');
fine((await client.request(api.WithdrawDocument)).withdrawCardConsent!.userErrors);

// News and cookies, changed as often as one likes.
for (const wanted of [!before.productNews, before.productNews!]) {
  const { setProductNews } = await client.request(api.NewsDocument, { input: { wanted } });
  fine(setProductNews!.userErrors);
  assert.equal(setProductNews!.customer!.productNews, wanted);
}
const cookies = (await client.request(api.WordingDocument, { kind: 'COOKIE_MEASUREMENT', language: 'en' })).consentWording;
for (const measurement of [true, false]) {
  const input = { measurement, wordingVersion: cookies.version, language: cookies.language };
  fine((await client.request(api.CookiesDocument, { input })).chooseCookies!.userErrors);
}

// Whois: the switch where the registry leaves it to the customer, its reason where it does not.
for (const domain of before.domains!.nodes) {
  const { registryPolicy } = await client.request(api.PolicyDocument, { tld: domain.tld!, kind: domain.registrant!.kind! });
  const rule = registryPolicy!.rules.find((each) => each.field === 'NAME')!;
  const { setWhoisVisibility } = await client.request(api.WhoisDocument, { input: { domainId: domain.id, hideName: !domain.hideName } });
  if (rule.free) fine(setWhoisVisibility!.userErrors);
  else assert.ok(['REGISTRY_REQUIRES', 'REGISTRY_FORBIDS', undefined].includes(codes(setWhoisVisibility!.userErrors)[0]));
}

// Export; erasure: refused with what still runs, armed for later, called off.
fine((await client.request(api.ExportDocument)).requestExport!.userErrors);
const refused = (await client.request(api.EraseDocument, { input: {} })).requestErasure!;
assert.deepEqual(codes(refused.userErrors), ['SERVICES_ACTIVE']);
const running = before.services!.nodes.filter((each) => each.state !== 'TERMINATED').map((each) => each.id);
assert.deepEqual(refused.blockedBy!.map((each) => each.id).sort(), [...running].sort());
const armed = (await client.request(api.EraseDocument, { input: { whenServicesEnd: true } })).requestErasure!;
assert.equal(armed.erasure!.state, 'ARMED');
assert.equal((await client.request(api.CancelDocument, { input: { erasureId: armed.erasure!.id } })).cancelErasure!.erasure!.state, 'CANCELLED');

const after = (await client.request(api.MeDocument)).me!;
assert.equal(after.phone, null, 'what may be objected to goes with the request, a refused one too (A10)');
assert.deepEqual(after.paymentMethods!.filter((each) => each.__typename === 'Card' && each.last4 === '4242'), []);
assert.ok(after.changes!.nodes.some((each) => each.fields!.includes('Customer.phone')));
console.log(JSON.stringify({ customer: after.id }));
