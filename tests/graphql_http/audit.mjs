// Runs every server audit of graphql-http and prints its results as one JSON array.
//
// Usage: GRAPHQL_URL=http://127.0.0.1:8000/graphql GRAPHQL_TOKEN=... node audit.mjs
//
// Each result is {id, name, status, reason?, got?}. The status is "ok", "error" (a MUST failed), "warn" (a SHOULD
// failed) or "notice" (an option was not taken). The exit code says only whether the audits could be run at all.
import { serverAudits } from 'graphql-http';

const url = process.env.GRAPHQL_URL;
const token = process.env.GRAPHQL_TOKEN;
if (!url || !token) {
  console.error('Set GRAPHQL_URL and GRAPHQL_TOKEN.');
  process.exit(2);
}

// A header is added and nothing else is touched: audit 9ABE depends on the missing content type.
function fetchWithToken(input, init = {}) {
  return fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
}

// fetch() invents "text/plain" for a string body without a content type, which is what a browser's form can send too.
async function describe(response) {
  if (!response) return undefined;
  const body = response.bodyUsed ? '' : (await response.text()).slice(0, 300);
  return { status: response.status, contentType: response.headers.get('content-type'), body };
}

const results = [];
for (const { id, name, fn } of serverAudits({ url, fetchFn: fetchWithToken })) {
  try {
    const { status, reason, response } = await fn();
    results.push({ id, name, status, reason, got: await describe(response) });
  } catch (error) {
    results.push({ id, name, status: 'error', reason: `The audit could not be run: ${error}` });
  }
}
console.log(JSON.stringify(results, null, 2));
