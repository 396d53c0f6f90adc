// Forms: labelled fields, what is wrong beside each, one button; what is sensitive leads through a fresh sign-in and back.

import { h } from '../dom.js';
import { Refused } from './api.js';
import { remember, signIn } from './oauth.js';
import { say } from './words.js';

export const field = (name, label, { hint, ...attributes } = {}) => {
  const told = [hint && `${name}-hint`, `${name}-error`].filter(Boolean).join(' ');
  return h('div', { class: 'field' }, h('label', { for: name }, label),
    hint && h('p', { id: `${name}-hint`, class: 'quiet' }, hint),
    h('input', { id: name, name, type: 'text', 'aria-describedby': told, ...attributes }),
    h('p', { id: `${name}-error`, class: 'wrong' }));
};

export const select = (name, label, options, chosen) => h('div', { class: 'field' }, h('label', { for: name }, label),
  h('select', { id: name, name, 'aria-describedby': `${name}-error` }, options.map(([value, text]) => h('option', { value, selected: value === chosen }, text))),
  h('p', { id: `${name}-error`, class: 'wrong' }));

export const tick = (name, label, attributes = {}) => h('div', { class: 'tick' },
  h('input', { id: name, name, type: 'checkbox', 'aria-describedby': `${name}-error`, ...attributes }), h('label', { for: name }, label),
  h('p', { id: `${name}-error`, class: 'wrong' }));

export const button = (label, attributes = {}) => h('button', { type: 'submit', ...attributes }, label);

export const announce = (text, kind = 'good') => {
  const place = document.getElementById('said');
  place.className = kind;
  place.textContent = text;
};

// Fields keep what was typed over a fresh sign-in, but for what is secret: such fields say `data-secret`.
const typed = (form) => Object.fromEntries([...form.elements].filter((each) => each.name && !('secret' in each.dataset))
  .map((each) => [each.name, each.type === 'checkbox' ? each.checked : each.value]));

// The six parts of a postal address, filled in by the browser when it is one's `own`.
const ADDRESS = { street: 'address-line1', street2: 'address-line2', postalCode: 'postal-code', city: 'address-level2', region: 'address-level1', country: 'country' };

export const addressFields = (address, own) => Object.entries(ADDRESS).map(([part, token]) => field(part, say(part),
  { value: address?.[part] ?? '', autocomplete: own ? token : 'off', maxlength: part === 'country' ? 2 : 200 }));

// What is in them; null when it is what was there before.
export function changedAddress(sent, before) {
  const parts = Object.keys(ADDRESS);
  const address = Object.fromEntries(parts.map((part) => [part, sent.elements[part].value.trim() || null]));
  return parts.some((part) => address[part] !== (before?.[part] ?? null)) ? address : null;
}

export function restore(form, kept) {
  if (!kept || kept.id !== form.id) return;
  for (const [name, value] of Object.entries(kept.values)) {
    const each = form.elements[name];
    if (!each) continue;
    if (each.type === 'checkbox') each.checked = value;
    else each.value = value;
  }
  remember({ form: null });
}

// Runs a change. `work` gives the payload; `after` is called when nothing is wrong.
export async function carry(work, after, form = null) {
  const buttons = [...document.querySelectorAll('button')];
  buttons.forEach((each) => { each.disabled = true; });
  form?.querySelectorAll('.wrong').forEach((each) => { each.textContent = ''; });
  form?.querySelectorAll('[aria-invalid]').forEach((each) => each.removeAttribute('aria-invalid'));
  try {
    const payload = await work();
    const problems = payload?.userErrors ?? [];
    if (problems.length) show(problems, form);
    else await after(payload);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'STEP_UP_REQUIRED') confirmAgain(form);
    else announce(error.message, 'bad');
  } finally {
    buttons.forEach((each) => { each.disabled = false; });
  }
}

function show(problems, form) {
  const elsewhere = [];
  for (const { field: path, message } of problems) {
    const place = [...(path ?? [])].reverse().map((name) => form?.elements[name]).find(Boolean);
    const told = place && document.getElementById(`${place.id}-error`);
    if (!told) { elsewhere.push(message); continue; }
    told.textContent = message;
    place.setAttribute('aria-invalid', 'true');
  }
  announce([say('notDone'), ...elsewhere].join(' '), 'bad');
  form?.querySelector('[aria-invalid]')?.focus();
}

function confirmAgain(form) {
  const place = document.getElementById('said');
  place.className = 'bad';
  const kept = form ? { id: form.id, values: typed(form) } : null;
  const go = h('button', { type: 'button', id: 'confirm', onclick: () => signIn({ fresh: true, form: kept }) }, say('confirmButton'));
  place.replaceChildren(say('confirmWhy'), ' ', go);
  go.focus();
}

export const form = (id, onsubmit, ...children) => h('form', {
  id, novalidate: true, onsubmit: (event) => { event.preventDefault(); onsubmit(event.currentTarget); },
}, ...children);
