// openid-client drives the server through every flow; prints what it saw as JSON.
import { createPrivateKey } from 'node:crypto'
import * as client from 'openid-client'

const given = JSON.parse(process.env.GIVEN)
const server = new URL(given.issuer)
const api = new URL(`${given.issuer}/graphql`)
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] }
const configure = (id, auth) => client.discovery(server, id, undefined, auth, options)

// A browser in which somebody is signed in: follows nothing, tells where it was sent.
async function browse(url) {
  const response = await fetch(url, { headers: given.browser, redirect: 'manual' })
  return new URL(response.headers.get('location'), url)
}

async function codeFlow(config, extra = {}, options = {}, build = client.buildAuthorizationUrl) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = await build(config, {
    redirect_uri: given.back,
    scope: 'purpose:self_service',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...extra,
  }, options)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  return client.authorizationCodeGrant(config, await browse(url), checks, undefined, options)
}

async function ask(config, token, options) {
  const headers = new Headers({ 'content-type': 'application/json' })
  const body = JSON.stringify({ query: '{ grant { purposes } }' })
  const response = await client.fetchProtectedResource(config, token, api, 'POST', body, headers, options)
  return (await response.json()).data.grant.purposes
}

async function failure(work) {
  try {
    await work()
    return 'none'
  } catch (error) {
    return error.error ?? error.cause?.[0]?.parameters?.error ?? error.code
  }
}

const seen = {}

// An app: code, refresh, reuse, revocation.
const app = await configure(given.app, client.None())
const first = await codeFlow(app)
seen.code = await ask(app, first.access_token)
const second = await client.refreshTokenGrant(app, first.refresh_token)
seen.refreshed = await ask(app, second.access_token)
seen.reuse = await failure(() => client.refreshTokenGrant(app, first.refresh_token))
seen.family = await failure(() => client.refreshTokenGrant(app, second.refresh_token))
const third = await codeFlow(app)
await client.tokenRevocation(app, third.refresh_token)
seen.revoked = await failure(() => client.refreshTokenGrant(app, third.refresh_token))
seen.pushed = await ask(app, (await codeFlow(app, {}, {}, client.buildAuthorizationUrlWithPAR)).access_token)
seen.scope = await failure(() => codeFlow(app, { scope: 'purpose:invoicing' }))

// The same with tokens bound to a key.
const bound = await configure(given.bound, client.None())
const DPoP = client.getDPoPHandle(bound, await client.randomDPoPKeyPair())
const held = await codeFlow(bound, {}, { DPoP })
seen.type = held.token_type
seen.held = await ask(bound, held.access_token, { DPoP })
const again = await client.refreshTokenGrant(bound, held.refresh_token, undefined, { DPoP })
seen.heldAgain = await ask(bound, again.access_token, { DPoP })

// Tools: a secret in the header and in the body, a key; introspection, revocation.
if (given.tool) {
  const key = await crypto.subtle.importKey(
    'pkcs8', createPrivateKey(given.key).export({ type: 'pkcs8', format: 'der' }),
    { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const ways = {
    basic: await configure(given.tool, client.ClientSecretBasic(given.secret)),
    post: await configure(given.tool, client.ClientSecretPost(given.secret)),
    signed: await configure(given.signer, client.PrivateKeyJwt({ key, kid: given.kid })),
  }
  for (const [name, config] of Object.entries(ways)) {
    const own = await client.clientCredentialsGrant(config, { scope: 'purpose:invoicing', resource: api.href })
    const told = await client.tokenIntrospection(config, own.access_token)
    await client.tokenRevocation(config, own.access_token)
    const after = await client.tokenIntrospection(config, own.access_token)
    seen[name] = [told.active, told.scope, after.active]
  }
  seen.toolScope = await failure(() => client.clientCredentialsGrant(ways.basic, { scope: 'purpose:self_service' }))
  seen.toolTarget = await failure(() => client.clientCredentialsGrant(ways.basic, { resource: 'https://other.example/' }))
}
console.log(JSON.stringify(seen))
