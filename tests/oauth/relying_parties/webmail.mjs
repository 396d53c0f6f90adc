// openid-client signs a webmail user in by OpenID Connect; prints the address of the request, then what it got.
import * as client from 'openid-client'

const given = JSON.parse(process.env.GIVEN)
const auth = client.ClientSecretBasic(given.secret)
const config = await client.discovery(new URL(given.issuer), given.client, undefined, auth, {
  execute: [client.allowInsecureRequests],
})

async function request(extra) {
  const verifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: given.back,
    scope: given.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...extra,
  })
  return [url, checks]
}

async function browse(url) {
  const response = await fetch(url, { headers: given.browser, redirect: 'manual' })
  return new URL(response.headers.get('location'), url)
}

const seen = {}
const [url, checks] = await request({ max_age: '300' })
const tokens = await client.authorizationCodeGrant(config, await browse(url), { ...checks, maxAge: 300 })
const claims = tokens.claims()
seen.claims = claims
seen.user = await client.fetchUserInfo(config, tokens.access_token, claims.sub)

// Silently once more, for the one who is expected.
const [silent, silentChecks] = await request({ prompt: 'none', id_token_hint: tokens.id_token })
const again = await client.authorizationCodeGrant(config, await browse(silent), silentChecks)
seen.same = again.claims().sub === claims.sub

// Without a browser that is signed in.
const [nobody, nobodyChecks] = await request({ prompt: 'none' })
given.browser = {}
try {
  await client.authorizationCodeGrant(config, await browse(nobody), nobodyChecks)
} catch (error) {
  seen.nobody = error.error
}
console.log(JSON.stringify(seen))
