// What a script adds to the sign-in pages: the meter while one types, and passkeys, which only a script can ask for.
"use strict";

// What of a new password is there; the length counts Unicode code points, as they are compared afterwards.
const KINDS = {
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /[\p{Ll}\p{Lo}\p{Lt}\p{Lm}]/u.test(text),
  digit: (text) => /\p{Nd}/u.test(text),
  sign: (text) => /[^\p{L}\p{Nd}]/u.test(text),
  length: (text, least) => [...text].length >= least,
};

for (const meter of document.querySelectorAll("[data-meter]")) {
  const field = document.getElementById(meter.dataset.meter);
  const show = () => {
    const text = field.value.normalize("NFC");
    for (const row of meter.children) {
      const there = KINDS[row.dataset.kind](text, Number(meter.dataset.least));
      const state = row.querySelector(".state");
      row.classList.toggle("there", there);
      state.textContent = there ? state.dataset.present : state.dataset.missing;
    }
  };
  field.addEventListener("input", show);
}

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const withBytes = (descriptors) => (descriptors ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

async function post(address, said) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(said),
  });
  const content = await answer.json();
  if (content.location && content.code === "STEP_UP_REQUIRED") location.assign(content.location);
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

async function signIn(button) {
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
  location.assign((await post("/sign-in/passkey", { ...said, response: plain(credential) })).location);
}

async function create(button) {
  const said = { form: button.dataset.form };
  const label = document.getElementById("label")?.value ?? "";
  const options = await post("/security/passkey/options", said);
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: withBytes(options.excludeCredentials),
  };
  const credential = await navigator.credentials.create({ publicKey });
  const done = await post("/security/passkey", { ...said, response: plain(credential), label });
  if (!done.codes) return location.assign(done.location);
  showCodes(button, done.codes);
}

function showCodes(button, codes) {
  const list = document.createElement("ol");
  list.className = "codes";
  for (const code of codes) {
    const item = list.appendChild(document.createElement("li"));
    item.appendChild(document.createElement("code")).textContent = code;
  }
  const box = document.getElementById("new-codes");
  box.querySelector(".place").replaceChildren(list);
  box.hidden = false;
  box.scrollIntoView();
  box.querySelector("a").focus();
  button.closest(".passkey").hidden = true;
}

if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const around = button.closest(".passkey");
    around.hidden = false;
    button.addEventListener("click", async () => {
      const message = around.querySelector(".errors");
      message.textContent = "";
      button.disabled = true;
      try {
        await (button.dataset.passkey === "create" ? create(button) : signIn(button));
      } catch {
        message.textContent = button.dataset.failed;
      }
      button.disabled = false;
    });
  }
}
