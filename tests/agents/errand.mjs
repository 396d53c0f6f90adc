// An assistant's errand by the unmodified client: it finds the authorization server, gets a token, lists its tools,
// reads invoices, and asks for a telephone number, which is not what its purpose is for.
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { MCP_URL, ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPE, EMAIL } = process.env;
const authProvider = new ClientCredentialsProvider({
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  expectedIssuer: ISSUER,
  scope: SCOPE || undefined,
});
const client = new Client({ name: "errand", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider }));
const { tools } = await client.listTools();
const found = await client.callTool({ name: "invoices_of_customer", arguments: { email: EMAIL, first: 2 } });
const { customer } = found.structuredContent.data;
const asked = { id: customer.id, ...(SCOPE ? {} : { purpose: "INVOICING" }) };
const refused = await client.callTool({ name: "telephone_of_customer", arguments: asked });
await client.close();
console.log(JSON.stringify({ tools, found, refused, instructions: client.getInstructions() }));
