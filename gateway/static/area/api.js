// Questions to the public API, from the documents that this client is registered with.

import { signInHere } from './dialogs.js';
import { UnreachableError, reach, send } from './oauth.js';
import { current } from './words.js';

const texts = new Map();

async function document_(name) {
  if (!texts.has(name)) {
    const found = await reach(`/static/area/documents/${name}.graphql`, { cache: 'no-cache' });
    // Kept only if it came: a dropped connection must not spoil the page until it is loaded again.
    if (!found.ok) throw new UnreachableError('unreachable');
    texts.set(name, await found.text());
  }
  return texts.get(name);
}

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const OUTAGES = [502, 503, 504];

async function read(response) {
  try {
    return await response.json();
  } catch {
    // A proxy's page, or an answer that was cut off.
    throw new UnreachableError('unreachable');
  }
}

async function post(name, variables) {
  const body = JSON.stringify({ query: await document_(name), variables });
  return send('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Accept-Language': current() }, body });
}

// What is sensitive needs a sign-in of this very moment.
const wantsFresh = (response) => response.headers.get('WWW-Authenticate')?.includes('insufficient_user_authentication');

// The data of an answer; Refused with the first error. Whoever must sign in again does so in a dialog, and it goes on.
export async function ask(name, variables = {}) {
  let response = await post(name, variables);
  if (response.status === 401) {
    await signInHere(wantsFresh(response));
    response = await post(name, variables);
  }
  if (OUTAGES.includes(response.status)) throw new UnreachableError('unreachable');
  const answer = await read(response);
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

// Hands a file to the browser, which saves it.
export function keep(blob, filename) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: filename });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const ATTEMPTS = 3;

// A file of one's own, fetched with the token. `progress` gets a share from 0 to 1. What breaks off is begun again, so
// that nothing that is saved is incomplete.
export async function save(path, accept, filename, progress = () => {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      keep(await fetched(path, accept, progress), filename);
      return;
    } catch (error) {
      if (!(error instanceof UnreachableError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function fetched(path, accept, progress) {
  const options = { headers: { Accept: accept, 'Accept-Language': current() } };
  let response = await send(path, options);
  if (response.status === 401) {
    await signInHere(wantsFresh(response));
    response = await send(path, options);
  }
  if (OUTAGES.includes(response.status)) throw new UnreachableError('unreachable');
  if (!response.ok) throw new Refused('', (await read(response)).detail ?? response.statusText);
  const whole = Number(response.headers.get('Content-Length')) || 0;
  const parts = [];
  let had = 0;
  try {
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      had += next.value.length;
      progress(whole ? Math.min(1, had / whole) : 0);
    }
  } catch {
    throw new UnreachableError('unreachable');
  }
  progress(1);
  return new Blob(parts, { type: response.headers.get('Content-Type') ?? accept });
}
