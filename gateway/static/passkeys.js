// Passkeys: what only a script can ask a browser for (WebAuthn), and tell the gateway.

import { at } from "./root.js";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const withBytes = (descriptors) => (descriptors ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

async function post(address, said) {
  const answer = await fetch(at(address), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(said),
  });
  const content = await answer.json();
  if (content.location && content.code === "STEP_UP_REQUIRED") location.assign(at(content.location));
  if (!answer.ok) throw new Error(content.code);
  return content;
}

function plain(credential) {
  const from = credential.response;
  const response = { clientDataJSON: toText(from.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (from[name]) response[name] = toText(from[name]);
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
}

export const canPasskey = () => Boolean(window.PublicKeyCredential);

// Signs in by a passkey; gives the address to go on at. `leave` goes there.
export async function signInByPasskey(button, leave = true) {
  const { form, platform, next, step } = button.dataset;
  const shared = document.getElementById("shared")?.checked ? "yes" : "";
  const said = { form, platform, continue: next ?? "", step: step ?? "", shared };
  const options = await post("/sign-in/passkey/options", said);
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: withBytes(options.allowCredentials),
  };
  const credential = await navigator.credentials.get({ publicKey });
  const { location: onward } = await post("/sign-in/passkey", { ...said, response: plain(credential) });
  if (leave) location.assign(at(onward));
  return onward;
}

// Makes a passkey; gives what the gateway says: where to go on, or recovery codes to show.
export async function createPasskey(button) {
  const said = { form: button.dataset.form };
  const label = document.getElementById("label")?.value || deviceName();
  const options = await post("/security/passkey/options", said);
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: withBytes(options.excludeCredentials),
  };
  const credential = await navigator.credentials.create({ publicKey });
  return post("/security/passkey", { ...said, response: plain(credential), label });
}


// The device in words, for the passkey's name: nothing that the customer does not see and can change.
export function deviceName() {
  const found = [["iPhone", /iPhone/], ["iPad", /iPad/], ["Android", /Android/], ["Windows", /Windows/], ["Mac", /Macintosh/], ["Linux", /Linux/]];
  return found.find(([, pattern]) => pattern.test(navigator.userAgent))?.[0] ?? "";
}
