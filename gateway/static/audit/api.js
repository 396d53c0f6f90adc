// What the page asks: as whoever signed in, by a request of this page; or with a token, like any other client.

import { at } from '../root.js';

export class Refused extends Error {}

// The session of staff has ended.
export class SignedOut extends Error {}

export async function demoToken() {
  const answer = await fetch(at('/demo/tokens'), { credentials: 'omit', cache: 'no-store' });
  const { tokens } = await answer.json();
  return tokens.find((each) => each.name === 'auditor').token;
}

async function read(answer) {
  const { data, errors } = await answer.json().catch(() => ({}));
  if (!answer.ok || errors?.length || !data?.audit) throw new Refused(errors?.[0]?.message ?? answer.statusText);
  return data.audit;
}

export async function askAsStaff(form, language) {
  const answer = await fetch(at('/audit/facts'), { method: 'POST', body: new URLSearchParams({ form, language }), cache: 'no-store' });
  if (answer.status === 401) throw new SignedOut();
  return read(answer);
}

export async function ask(token, language) {
  const query = await (await fetch(at('/static/audit/data-map.graphql'))).text();
  return read(await fetch(at('/graphql'), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ query, variables: { language } }),
    credentials: 'omit',
    cache: 'no-store',
  }));
}
