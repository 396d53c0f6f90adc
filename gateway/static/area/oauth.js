// This page as a client of the authorization server: code flow with PKCE (RFC 7636), tokens bound to a key (RFC 9449).
// The key cannot be taken out of the browser; key and token are in this page's memory and nowhere else.

import { ROOT, at } from '../root.js';
import { current } from './words.js';

const CLIENT = 'client-area';
const SCOPE = 'purpose:self_service';
const KEPT = 'client-area';
const text = new TextEncoder();

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const digest = async (value) => base64url(await crypto.subtle.digest('SHA-256', text.encode(value)));
const HOME = `${ROOT}/`;
const back = () => `${location.origin}${HOME}`;

let pair = null;
let publicKey = null;
let token = null;
let nonce = null;

async function proof(method, url) {
  if (!pair) {
    pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    publicKey = { kty, crv, x, y };
  }
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey };
  const body = { jti: random(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
  if (nonce) body.nonce = nonce;
  if (token) body.ath = await digest(token);
  const signed = [head, body].map((part) => base64url(text.encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, text.encode(signed));
  return `${signed}.${base64url(signature)}`;
}

// A request that got no answer, or none of this gateway: the connection dropped, or a proxy answered in its place.
export class UnreachableError extends Error {}

export async function reach(url, options = {}) {
  try {
    return await fetch(at(url), { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch {
    throw new UnreachableError(navigator.onLine === false ? 'offline' : 'unreachable');
  }
}

// A request with a proof; the first one learns the nonce that proofs have to carry.
export async function send(path, options = {}) {
  const url = `${location.origin}${at(path)}`;
  for (let attempt = 0; ; attempt += 1) {
    const headers = { ...options.headers, DPoP: await proof(options.method ?? 'GET', url.split('?')[0]) };
    if (token) headers.Authorization = `DPoP ${token}`;
    const response = await reach(url, { ...options, headers });
    const given = response.headers.get('DPoP-Nonce');
    const asked = given && given !== nonce && (response.status === 400 || response.status === 401);
    nonce = given ?? nonce;
    if (!asked || attempt > 1) return response;
  }
}

export const remembered = () => JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');

function remember(facts) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...facts }));
}

export const forget = () => sessionStorage.removeItem(KEPT);

async function request(state, verifier, fresh) {
  const query = new URLSearchParams({
    response_type: 'code', client_id: CLIENT, redirect_uri: back(), scope: SCOPE, state, ui_locales: current(),
    code_challenge: await digest(verifier), code_challenge_method: 'S256',
  });
  if (fresh) query.set('max_age', '0');
  return `/oauth/authorize?${query}`;
}

async function redeem(code, verifier) {
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: back(), client_id: CLIENT, code_verifier: verifier });
  // A new token is asked for without the one there is: its end must not refuse it.
  const before = token;
  token = null;
  const response = await send('/oauth/token', { method: 'POST', body }).catch((error) => { token = before; throw error; });
  if (!response.ok) return false;
  token = (await response.json()).access_token;
  return true;
}

// Off to the sign-in pages.
export async function signIn() {
  const verifier = random();
  const state = random();
  remember({ verifier, state, view: location.hash, signedIn: true });
  location.assign(at(await request(state, verifier, false)));
}

// Back from there: the code becomes a token. True when there is one now.
export async function arrive() {
  const query = new URLSearchParams(location.search);
  const kept = remembered();
  if (!query.has('state')) return false;
  history.replaceState(null, '', `${HOME}${kept.view ?? ''}`);
  const genuine = kept.state && query.get('state') === kept.state && query.get('iss') !== null;
  remember({ state: null, verifier: null });
  if (!genuine || !query.has('code')) {
    remember({ signedIn: false });
    return false;
  }
  return redeem(query.get('code'), kept.verifier);
}

// Another page of the sign-in, or the answer of the authorization server, which is meant for this page's address.
export async function follow(address, options) {
  const response = await reach(address, options);
  const where = new URL(response.url);
  if (where.pathname === HOME && where.searchParams.has('state')) return { answer: where.searchParams };
  const shown = new DOMParser().parseFromString(await response.text(), 'text/html');
  const onward = shown.querySelector('meta[http-equiv="refresh"]')?.content.split('url=')[1];
  return onward ? follow(new URL(onward, where).href) : { shown, at: where };
}

// Another token without leaving the page, so that nothing that was typed is lost. The session of the sign-in pages gives
// it at once; what they ask for is shown by `show`, which gives what follows. `fresh`: a sign-in of this very moment.
export async function renew(fresh, show) {
  const verifier = random();
  const state = random();
  const before = subject();
  let step = await follow(await request(state, verifier, fresh));
  while (!step.answer) step = await show(step);
  if (step.answer.get('state') !== state || !step.answer.get('code') || !(await redeem(step.answer.get('code'), verifier))) {
    await signIn();
    return new Promise(() => {});
  }
  // Somebody else signed in: nothing of the one before may be shown to, or saved for, them.
  if (before && subject() !== before) {
    location.reload();
    return new Promise(() => {});
  }
  return true;
}

function subject() {
  const claims = token?.split('.')[1];
  return claims ? JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sub : null;
}

export const hasToken = () => token !== null;
