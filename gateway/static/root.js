// The path below which the gateway is served, as `/account`; empty at the root of a host.
export const ROOT = new URL('..', import.meta.url).pathname.slice(0, -1);

// An address of the gateway's own as the browser needs it; any other stays as it is.
export const at = (address) => (/^\/(?!\/)/.test(address) ? `${ROOT}${address}` : address);
