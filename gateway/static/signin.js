// What a script adds to the sign-in pages: the meter while one types, and passkeys, which only a script can ask for.
import { canPasskey, createPasskey, deviceName, signInByPasskey } from "./passkeys.js";

// What of a new password is there; the length counts Unicode code points, as they are compared afterwards.
const KINDS = {
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /[\p{Ll}\p{Lo}\p{Lt}\p{Lm}]/u.test(text),
  digit: (text) => /\p{Nd}/u.test(text),
  sign: (text) => /[^\p{L}\p{Nd}]/u.test(text),
  length: (text, least) => [...text].length >= least,
};

// In words, by what the gateway asks for; whether it is a common one only the gateway knows.
function strengthOf(text, least) {
  const kinds = ["upper", "lower", "digit", "sign"].filter((kind) => KINDS[kind](text)).length;
  const long = [...text].length;
  const varied = new Set(text).size;
  if (long < least || varied < 6) return "weak";
  return (kinds === 4 && long >= least + 2) || (long >= 20 && varied >= 9) ? "strong" : "fair";
}

// A button beside each password shows what was typed, until the form is sent.
for (const field of document.querySelectorAll("[data-show]")) {
  const button = document.createElement("button");
  const say = () => {
    const shown = field.type === "text";
    button.textContent = shown ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-pressed", String(shown));
  };
  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    field.type = field.type === "text" ? "password" : "text";
    say();
  });
  field.form.addEventListener("submit", () => { field.type = "password"; });
  field.after(button);
  field.parentElement.classList.add("shows");
  say();
}

for (const meter of document.querySelectorAll("[data-meter]")) {
  const field = document.getElementById(meter.dataset.meter);
  const show = () => {
    const text = field.value.normalize("NFC");
    for (const row of meter.querySelectorAll("[data-kind]")) {
      const there = KINDS[row.dataset.kind](text, Number(meter.dataset.least));
      const state = row.querySelector(".state");
      row.classList.toggle("there", there);
      state.textContent = there ? state.dataset.present : state.dataset.missing;
    }
    const strength = meter.nextElementSibling;
    strength.textContent = text ? strength.dataset[strengthOf(text, Number(meter.dataset.least))] : "";
  };
  field.addEventListener("input", show);
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

async function create(button) {
  const done = await createPasskey(button);
  if (done.codes) showCodes(button, done.codes);
  else location.assign(done.location);
}

if (canPasskey()) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const around = button.closest(".passkey");
    around.hidden = false;
    const name = around.querySelector("#label");
    if (name && deviceName()) name.value = deviceName();
    button.addEventListener("click", async () => {
      const message = around.querySelector(".errors");
      message.textContent = "";
      button.disabled = true;
      try {
        await (button.dataset.passkey === "create" ? create(button) : signInByPasskey(button));
      } catch {
        message.textContent = button.dataset.failed;
      }
      button.disabled = false;
    });
  }
}
