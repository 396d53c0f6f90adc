// This page as a client of the authorization server: code flow with PKCE (RFC 7636), tokens bound to a key (RFC 9449).
// The key cannot be taken out of the browser; key and token are in this page's memory and nowhere else.

import { current } from './words.js';

const CLIENT = 'client-area';
const SCOPE = 'purpose:self_service';
const KEPT = 'client-area';
const text = new TextEncoder();

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const digest = async (value) => base64url(await crypto.subtle.digest('SHA-256', text.encode(value)));
const back = () => `${location.origin}/`;

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

// A request with a proof; the first one learns the nonce that proofs have to carry.
export async function send(path, options = {}) {
  const url = `${location.origin}${path}`;
  for (let attempt = 0; ; attempt += 1) {
    const headers = { ...options.headers, DPoP: await proof(options.method ?? 'GET', url.split('?')[0]) };
    if (token) headers.Authorization = `DPoP ${token}`;
    const response = await fetch(url, { ...options, headers, credentials: 'same-origin', cache: 'no-store' });
    const given = response.headers.get('DPoP-Nonce');
    const asked = given && given !== nonce && (response.status === 400 || response.status === 401);
    nonce = given ?? nonce;
    if (!asked || attempt > 1) return response;
  }
}

export const remembered = () => JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');

export function remember(facts) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...facts }));
}

export const forget = () => sessionStorage.removeItem(KEPT);

// Off to the sign-in pages; `fresh` asks for a sign-in of this very moment, for what is sensitive.
export async function signIn({ fresh = false, form = null } = {}) {
  const verifier = random();
  const state = random();
  remember({ verifier, state, view: location.hash, form, signedIn: true });
  const query = new URLSearchParams({
    response_type: 'code', client_id: CLIENT, redirect_uri: back(), scope: SCOPE, state, ui_locales: current(),
    code_challenge: await digest(verifier), code_challenge_method: 'S256',
  });
  if (fresh) query.set('max_age', '0');
  location.assign(`/oauth/authorize?${query}`);
}

// Back from there: the code becomes a token. True when there is one now.
export async function arrive() {
  const query = new URLSearchParams(location.search);
  const kept = remembered();
  if (!query.has('state')) return false;
  history.replaceState(null, '', `/${kept.view ?? ''}`);
  const genuine = kept.state && query.get('state') === kept.state && query.get('iss') !== null;
  remember({ state: null, verifier: null });
  if (!genuine || !query.has('code')) {
    remember({ signedIn: false });
    return false;
  }
  const body = new URLSearchParams({
    grant_type: 'authorization_code', code: query.get('code'), redirect_uri: back(), client_id: CLIENT, code_verifier: kept.verifier,
  });
  const response = await send('/oauth/token', { method: 'POST', body });
  if (!response.ok) return false;
  token = (await response.json()).access_token;
  return true;
}

export const hasToken = () => token !== null;
