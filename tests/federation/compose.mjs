// Composes subgraphs to a supergraph, which it prints; errors are a JSON array on standard error.
//
// Usage: node compose.mjs NAME=URL=FILE ...
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const services = process.argv.slice(2).map((each) => {
  const [name, url, file] = each.split('=');
  return { name, url, typeDefs: parse(readFileSync(file, 'utf8')) };
});
const { errors, supergraphSdl } = composeServices(services);
if (errors) {
  console.error(JSON.stringify(errors.map((each) => each.message), null, 2));
  process.exit(1);
}
console.log(supergraphSdl);
