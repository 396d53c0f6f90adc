// A router (Hive Gateway) over one supergraph, on a free port of 127.0.0.1. It forwards who asks and for which purpose.
//
// Usage: node router.mjs SUPERGRAPH; prints {"url": …} when it listens, and ends on SIGTERM.
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';

const FORWARDED = ['authorization', 'purpose', 'purpose-reference', 'idempotency-key'];

const gateway = createGatewayRuntime({
  supergraph: process.argv[2],
  logging: false,
  maskedErrors: false,
  propagateHeaders: {
    fromClientToSubgraphs({ request }) {
      return Object.fromEntries(FORWARDED.map((name) => [name, request.headers.get(name)]).filter(([, value]) => value));
    },
  },
});

const server = createServer(gateway);
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/graphql` })));
process.on('SIGTERM', async () => { server.close(); await gateway[Symbol.asyncDispose](); process.exit(0); });
