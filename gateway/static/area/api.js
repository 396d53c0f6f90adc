// Questions to the public API, from the documents that this client is registered with.

import { send, signIn } from './oauth.js';
import { current } from './words.js';

const texts = new Map();

async function document_(name) {
  if (!texts.has(name)) texts.set(name, fetch(`/static/area/documents/${name}.graphql`).then((found) => found.text()));
  return texts.get(name);
}

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// The data of an answer; Refused with the first error. Whose token has ended is sent to sign in again.
export async function ask(name, variables = {}) {
  const body = JSON.stringify({ query: await document_(name), variables });
  const response = await send('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Accept-Language': current() }, body });
  // What is sensitive needs a sign-in of this very moment, which the form asks for.
  const fresh = response.headers.get('WWW-Authenticate')?.includes('insufficient_user_authentication');
  if (response.status === 401 && !fresh) {
    await signIn();
    return new Promise(() => {});
  }
  const answer = await response.json();
  const [error] = answer.errors ?? [];
  if (error) throw new Refused(error.extensions?.code ?? error.code ?? '', error.message);
  if (!answer.data) throw new Refused(answer.code ?? '', answer.detail ?? answer.title ?? response.statusText);
  return answer.data;
}

// A change: its payload, whose `userErrors` the form shows.
export async function change(name, input) {
  const data = await ask(name, input === undefined ? {} : { input });
  return Object.values(data)[0];
}

// A file of one's own, fetched with the token and saved by the browser.
export async function save(path, accept, filename) {
  const response = await send(path, { headers: { Accept: accept } });
  if (!response.ok) throw new Refused('', response.statusText);
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(await response.blob()), download: filename });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
