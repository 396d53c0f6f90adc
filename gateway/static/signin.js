// What a script adds to the sign-in pages: the meter while one types, and passkeys, which only a script can ask for.
import { at } from "./root.js";
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

// A button beside a password shows what was typed, until the form is sent.
function addShow(field) {
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

function watch(meter) {
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

// Recovery codes to copy, to save and to print; they are shown this once only.
function addWays(list) {
  const { copy, copied, save, print } = list.dataset;
  const text = () => [...list.querySelectorAll("code")].map((each) => each.textContent).join("\n");
  const acts = document.createElement("p");
  acts.className = "acts";
  const act = (label, work) => {
    const button = acts.appendChild(document.createElement("button"));
    Object.assign(button, { type: "button", className: "plain", textContent: label });
    button.addEventListener("click", () => work(button));
  };
  act(copy, async (button) => {
    await navigator.clipboard.writeText(text());
    button.textContent = copied;
  });
  act(save, () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text()}\n`], { type: "text/plain" }));
    link.download = "recovery-codes.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  act(print, () => window.print());
  list.after(acts);
}

// A wrong code leaves the page as it is, with the picture to scan: it is shown once only, and a new page would lack it.
function stay(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.status !== 422) {
      document.title = shown.title;
      const main = document.importNode(shown.querySelector("main"), true);
      document.querySelector("main").replaceWith(main);
      enhance(main);
      main.querySelector("h1").tabIndex = -1;
      main.querySelector("h1").focus();
      return;
    }
    const field = form.querySelector("#code");
    const wrong = shown.querySelector("#code-error") ?? shown.querySelector(".notice.error");
    form.querySelector("#code-error")?.remove();
    const told = document.createElement("ul");
    Object.assign(told, { id: "code-error", className: "errors" });
    told.appendChild(document.createElement("li")).textContent = wrong?.textContent ?? "";
    field.closest(".field").append(told);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", "code-error");
    field.select();
  });
}

function showCodes(button, codes) {
  const list = document.createElement("ol");
  list.className = "codes";
  for (const code of codes) {
    const item = list.appendChild(document.createElement("li"));
    item.appendChild(document.createElement("code")).textContent = code;
  }
  const box = document.getElementById("new-codes");
  Object.assign(list.dataset, box.querySelector(".place").dataset);
  box.querySelector(".place").replaceChildren(list);
  addWays(list);
  box.hidden = false;
  box.scrollIntoView();
  box.querySelector("a").focus();
  button.closest(".passkey").hidden = true;
}

async function create(button) {
  const done = await createPasskey(button);
  if (done.codes) showCodes(button, done.codes);
  else location.assign(at(done.location));
}

function offerPasskey(button) {
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

function enhance(root) {
  root.querySelectorAll("[data-show]").forEach(addShow);
  root.querySelectorAll("[data-meter]").forEach(watch);
  root.querySelectorAll("ol.codes").forEach(addWays);
  root.querySelectorAll("form[data-stay]").forEach(stay);
  if (canPasskey()) root.querySelectorAll("[data-passkey]").forEach(offerPasskey);
}

enhance(document);
