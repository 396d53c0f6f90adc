// Forms: labelled fields, what is wrong beside each, one button. How it went is told where the eye is, and to screen
// readers; what was typed stays until it is saved, whatever happens in between.

import { h } from '../dom.js';
import { Refused } from './api.js';
import { Cancelled } from './dialogs.js';
import { UnreachableError } from './oauth.js';
import { say } from './words.js';

const error = (name) => h('p', { id: `${name}-error`, class: 'wrong' });

export const field = (name, label, { hint, after, ...attributes } = {}) => {
  const told = [hint && `${name}-hint`, `${name}-error`].filter(Boolean).join(' ');
  return h('div', { class: 'field' }, h('label', { for: name }, label, attributes.required ? '' : attributes.optional && h('span', { class: 'quiet' }, ` (${say('optional')})`)),
    hint && h('p', { id: `${name}-hint`, class: 'quiet' }, hint),
    h('span', { class: 'box' }, h('input', { id: name, name, type: 'text', 'aria-describedby': told, ...attributes, optional: null }), after),
    error(name));
};

export const select = (name, label, options, chosen, attributes = {}) => h('div', { class: 'field' }, h('label', { for: name }, label),
  h('select', { id: name, name, 'aria-describedby': `${name}-error`, ...attributes }, options.map(([value, text]) => h('option', { value, selected: value === chosen }, text))),
  error(name));

export const tick = (name, label, attributes = {}) => h('div', { class: 'tick' },
  h('input', { id: name, name, type: 'checkbox', 'aria-describedby': `${name}-error`, ...attributes }), h('label', { for: name }, label),
  error(name));

export const button = (label, attributes = {}) => h('button', { type: 'submit', ...attributes }, label);

// A sentence at the lower edge of the window, wherever the page is scrolled to; `act` is what can be done about it.
export const announce = (text, kind = 'good', act = null) => {
  const place = document.getElementById('said');
  place.className = kind;
  place.replaceChildren(text, ...(act ? [' ', h('button', { type: 'button', id: 'retry', class: 'plain', onclick: act.work }, act.label)] : []),
    ...(text ? [h('button', { type: 'button', class: 'close', 'aria-label': say('close'), onclick: () => announce('') }, '×')] : []));
};

// What was typed and not saved, by form; in the page's memory alone. A box of a consent is not among it: it is ticked anew.
const drafts = new Map();

export function keepDrafts(root) {
  for (const each of root.querySelectorAll('form[data-typed]')) {
    drafts.set(each.id, Object.fromEntries([...each.elements].filter((one) => one.name && !('consent' in one.dataset))
      .map((one) => [one.name, one.type === 'checkbox' ? one.checked : one.value])));
  }
}

export function restoreDrafts(root) {
  for (const each of root.querySelectorAll('form')) {
    const kept = drafts.get(each.id);
    if (!kept) continue;
    each.querySelectorAll('.address').forEach((one) => one.fill(kept));
    for (const [name, value] of Object.entries(kept)) {
      const one = each.elements[name];
      if (!one) continue;
      if (one.type === 'checkbox') one.checked = value;
      else one.value = value;
    }
    each.dataset.typed = '';
    drafts.delete(each.id);
  }
}

export const hasDraft = (id) => drafts.has(id);

const unsaved = () => drafts.size > 0 || document.querySelector('form[data-typed]');

addEventListener('beforeunload', (event) => { if (unsaved()) event.preventDefault(); });

export function unreachable(cause, again) {
  announce(say(cause === 'offline' ? 'offline' : 'unreachable'), 'bad', { label: say('tryAgain'), work: again });
  document.getElementById('retry').focus();
}

// Runs a change. `work` gives the payload; `after` is called when nothing is wrong.
export async function carry(work, after, form = null) {
  const active = document.activeElement;
  const buttons = [...document.querySelectorAll('main button')];
  buttons.forEach((each) => { each.disabled = true; });
  form?.querySelectorAll('.wrong').forEach((each) => { each.textContent = ''; });
  form?.querySelectorAll('[aria-invalid]').forEach((each) => each.removeAttribute('aria-invalid'));
  announce('');
  let focus = active;
  try {
    const payload = await work();
    const problems = payload?.userErrors ?? [];
    if (problems.length) focus = show(problems, form) ?? active;
    else {
      delete form?.dataset.typed;
      await after(payload);
    }
  } catch (problem) {
    if (problem instanceof Cancelled) announce(say('notDone'), 'bad');
    else if (problem instanceof UnreachableError) { unreachable(problem.message, () => carry(work, after, form)); focus = null; }
    else if (problem instanceof Refused) announce(problem.message, 'bad');
    else throw problem;
  } finally {
    buttons.forEach((each) => { each.disabled = false; });
    if (focus?.isConnected && document.activeElement === document.body) focus.focus();
  }
}

// Beside each field what is wrong with it; gives the first, for the focus.
function show(problems, form) {
  const elsewhere = [];
  for (const { field: path, message } of problems) {
    const place = [...(path ?? [])].reverse().map((name) => form?.elements[name] ?? form?.querySelector(`[data-also~="${name}"]`)).find(Boolean);
    const told = place && document.getElementById(`${place.id}-error`);
    if (!told) { elsewhere.push(message); continue; }
    if (!told.textContent.includes(message)) told.textContent = `${told.textContent} ${message}`.trim();
    place.setAttribute('aria-invalid', 'true');
  }
  announce([say('notDone'), ...elsewhere].join(' '), 'bad');
  const first = form?.querySelector('[aria-invalid]');
  first?.focus();
  return first;
}

export const form = (id, onsubmit, ...children) => h('form', {
  id, novalidate: true, onsubmit: (event) => { event.preventDefault(); onsubmit(event.currentTarget); },
  oninput: (event) => { event.currentTarget.dataset.typed = ''; },
  onreset: (event) => { delete event.currentTarget.dataset.typed; },
}, ...children);
