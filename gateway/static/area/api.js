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

// A file of one's own, fetched with the token and saved by the browser. `progress` gets a share from 0 to 1. A download
// that breaks off goes on where it stopped (RFC 9110 §14), as long as the file is the same.
export async function save(path, accept, filename, progress = () => {}) {
  const parts = [];
  let had = 0;
  let whole = 0;
  let tag = null;
  let type = accept;
  for (let attempt = 0; ; attempt += 1) {
    const range = had > 0 && tag ? { Range: `bytes=${had}-`, 'If-Range': tag } : {};
    const response = await send(path, { headers: { Accept: accept, 'Accept-Language': current(), ...range } });
    if (!response.ok) throw OUTAGES.includes(response.status) ? new UnreachableError('unreachable') : new Refused('', response.statusText);
    if (response.status !== 206) { parts.length = 0; had = 0; }
    whole ||= Number(response.headers.get('Content-Length')) || 0;
    tag = response.headers.get('ETag');
    type = response.headers.get('Content-Type') ?? type;
    try {
      for await (const piece of pieces(response.body)) {
        parts.push(piece);
        had += piece.length;
        if (whole) progress(Math.min(1, had / whole));
      }
      break;
    } catch {
      if (attempt === 3) throw new UnreachableError('unreachable');
    }
  }
  progress(1);
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob(parts, { type })), download: filename });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function* pieces(body) {
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
