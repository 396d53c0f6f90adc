// oauth4webapi, the strict half: each response is validated by the letter of its RFC; prints what it saw as JSON.
import { createPrivateKey } from 'node:crypto'
import * as oauth from 'oauth4webapi'

const given = JSON.parse(process.env.GIVEN)
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const api = new URL(`${given.issuer}/graphql`)
const seen = {}

const as = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const resource = await oauth.processResourceDiscoveryResponse(api, await oauth.resourceDiscoveryRequest(api, insecure))
seen.resource = resource.authorization_servers[0] === as.issuer

const app = { client_id: given.bound }
const DPoP = oauth.DPoP(app, await oauth.generateKeyPair('ES256'))
const options = { DPoP, ...insecure }

// The server gives a nonce with its first refusal (RFC 9449 §8): each request is made once more with it.
async function patient(work) {
  try {
    return await work()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    seen.nonces = (seen.nonces ?? 0) + 1
    return work()
  }
}

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const parameters = new URLSearchParams({
  response_type: 'code', client_id: given.bound, redirect_uri: given.back, scope: 'purpose:self_service', state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
})
const pushed = await patient(async () => oauth.processPushedAuthorizationResponse(
  as, app, await oauth.pushedAuthorizationRequest(as, app, oauth.None(), parameters, options)))
const url = new URL(as.authorization_endpoint)
url.search = new URLSearchParams({ client_id: given.bound, request_uri: pushed.request_uri })
const sent = await fetch(url, { headers: given.browser, redirect: 'manual' })
const answer = oauth.validateAuthResponse(as, app, new URL(sent.headers.get('location')), state)
const tokens = await patient(async () => oauth.processAuthorizationCodeResponse(
  as, app, await oauth.authorizationCodeGrantRequest(as, app, oauth.None(), answer, given.back, verifier, options)))
seen.type = tokens.token_type

const headers = new Headers({ 'content-type': 'application/json' })
const body = JSON.stringify({ query: '{ grant { purposes } }' })
const ask = (token) => patient(() => oauth.protectedResourceRequest(token, 'POST', api, headers, body, options))
seen.purposes = (await (await ask(tokens.access_token)).json()).data.grant.purposes

// What a resource server of somebody else's makes of our token: RFC 9068, by our key set, with its proof.
const request = new Request(api, {
  method: 'POST', headers: { authorization: `DPoP ${tokens.access_token}`, dpop: await proof(tokens.access_token) },
})
async function proof(token) {
  const captured = {}
  await oauth.protectedResourceRequest(token, 'POST', api, new Headers(), null, {
    ...options,
    [oauth.customFetch]: async (_, init) => {
      captured.proof = new Headers(init.headers).get('dpop')
      return new Response('{}')
    },
  })
  return captured.proof
}
const claims = await oauth.validateJwtAccessToken(as, request, api.href, { requireDPoP: true, ...insecure })
seen.validated = [claims.client_id, claims.scope, typeof claims.auth_time]

const refreshed = await patient(async () => oauth.processRefreshTokenResponse(
  as, app, await oauth.refreshTokenGrantRequest(as, app, oauth.None(), tokens.refresh_token, options)))
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, app, oauth.None(), refreshed.refresh_token, insecure))
try {
  await ask(refreshed.access_token)
  seen.afterRevocation = 'works'
} catch (error) {
  seen.afterRevocation = error.cause?.[0]?.parameters?.error ?? error.code
}

if (given.signer) {
  const key = await crypto.subtle.importKey(
    'pkcs8', createPrivateKey(given.key).export({ type: 'pkcs8', format: 'der' }),
    { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const tool = { client_id: given.signer }
  const auth = oauth.PrivateKeyJwt({ key, kid: given.kid })
  const own = await oauth.processClientCredentialsResponse(
    as, tool, await oauth.clientCredentialsGrantRequest(as, tool, auth, {}, insecure))
  const told = await oauth.processIntrospectionResponse(
    as, tool, await oauth.introspectionRequest(as, tool, auth, own.access_token, insecure))
  seen.tool = [told.active, told.scope, told.sub]
}
console.log(JSON.stringify(seen))
