// Dialogs of the page: "are you sure", and the sign-in, which comes to the customer where they are.

import { h } from '../dom.js';
import { canPasskey, signInByPasskey } from '../passkeys.js';
import { follow, renew } from './oauth.js';
import { say } from './words.js';

export class Cancelled extends Error {}

function open(...children) {
  const dialog = h('dialog', { class: 'dialog' }, children);
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  return dialog;
}

// True once the customer says yes to what cannot be taken back, or costs more than a click to.
export function sure(title, why, yes, dangerous = true) {
  return new Promise((resolve) => {
    const close = (answer) => { resolve(answer); dialog.close(); };
    const dialog = open(h('h2', { id: 'dialog-title' }, title), why && h('p', null, why), h('div', { class: 'acts' },
      h('button', { type: 'button', class: 'plain', autofocus: true, onclick: () => close(false) }, say('leave')),
      h('button', { type: 'button', id: 'sure-yes', class: dangerous ? 'danger' : '', onclick: () => close(true) }, yes)));
    dialog.setAttribute('aria-labelledby', 'dialog-title');
    dialog.addEventListener('cancel', () => resolve(false));
  });
}

let running = null;

// A token by a sign-in in a dialog, or without one where the session still gives it. Several who need it share one.
export function signInHere(fresh) {
  running ??= begin(Boolean(fresh)).finally(() => { running = null; });
  return running;
}

async function begin(fresh) {
  const before = document.activeElement;
  let dialog = null;
  try {
    return await renew(fresh, (step) => {
      dialog ??= open();
      return asked(dialog, step, fresh);
    });
  } finally {
    dialog?.close();
    before?.focus?.();
  }
}

// Shows a page of the sign-in in the dialog; resolves with the one that comes after its form was sent.
function asked(dialog, { shown, at }, fresh) {
  return new Promise((resolve, reject) => {
    const title = h('h2', { id: 'dialog-title' }, shown.querySelector('h1')?.textContent ?? say('signIn'));
    const body = document.importNode(shown.querySelector('main') ?? shown.body, true);
    body.querySelectorAll('h1, script').forEach((each) => each.remove());
    body.querySelectorAll('a').forEach((each) => { each.target = '_blank'; each.rel = 'noopener'; });
    const part = h('div', { class: 'part' }, [...body.childNodes]);
    const leave = h('button', { type: 'button', class: 'plain', onclick: () => { dialog.close(); reject(new Cancelled()); } }, say('leave'));
    dialog.replaceChildren(title, fresh && h('p', { class: 'quiet' }, say('confirmWhy')), part, leave);
    dialog.setAttribute('aria-labelledby', 'dialog-title');
    dialog.oncancel = () => reject(new Cancelled());
    const go = (work) => {
      part.querySelectorAll('button').forEach((each) => { each.disabled = true; });
      work().then(resolve, reject);
    };
    part.addEventListener('submit', (event) => {
      event.preventDefault();
      const sent = new URLSearchParams(new FormData(event.target, event.submitter));
      go(() => follow(new URL(event.target.getAttribute('action'), at), { method: 'POST', body: sent }));
    });
    for (const button of canPasskey() ? part.querySelectorAll('[data-passkey="get"]') : []) {
      const around = button.closest('.passkey');
      around.hidden = false;
      button.addEventListener('click', async () => {
        try {
          const onward = await signInByPasskey(button, false);
          go(() => follow(onward));
        } catch {
          around.querySelector('.errors').textContent = button.dataset.failed;
        }
      });
    }
    (part.querySelector('[aria-invalid]') ?? part.querySelector('input:not([type=hidden])') ?? leave).focus();
  });
}
