// A card as people know it: the number in groups with its brand, the expiry as on the card.

import { h } from '../dom.js';
import { change } from './api.js';
import { button, carry, field, form, tick } from './forms.js';
import { say } from './words.js';

// Brands by their first digits (ISO/IEC 7812), with the lengths of their groups; for the eye, the gateway decides.
const BRANDS = [
  ['American Express', /^3[47]/, [4, 6, 5]],
  ['Diners Club', /^3(?:0[0-5]|[689])/, [4, 6, 4]],
  ['Visa', /^4/],
  ['Mastercard', /^(?:5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720))/],
  ['Maestro', /^(?:5[06-9]|6(?!011|[25]|4[4-9]))/],
  ['UnionPay', /^62/],
  ['Discover', /^6(?:011|4[4-9]|5)/],
  ['JCB', /^35/],
];

const brandOf = (digits) => BRANDS.find(([, start]) => start.test(digits));

export function inGroups(text) {
  const digits = text.replace(/\D/g, '').slice(0, 19);
  const lengths = brandOf(digits)?.[2] ?? [4, 4, 4, 4, 4];
  let at = 0;
  return lengths.map((length) => digits.slice(at, at += length)).filter(Boolean).join(' ') + (digits.slice(at) && ` ${digits.slice(at)}`);
}

// "3/31", "03 / 2031", "0331": month and year; zeros where there is none, which the gateway refuses with what to write.
export function expiryOf(text) {
  const found = /^\s*(\d{1,2})\s*[/.\- ]?\s*(\d{4}|\d{2})\s*$/.exec(text);
  if (!found) return { expMonth: 0, expYear: 0 };
  return { expMonth: Number(found[1]), expYear: found[2].length === 2 ? 2000 + Number(found[2]) : Number(found[2]) };
}

// Groups while one types, with the caret where it was among the digits.
function group(event) {
  const input = event.target;
  const before = input.value.slice(0, input.selectionStart).replace(/\D/g, '').length;
  // What is no digit and no separator is left for the gateway to refuse: nothing that was typed goes silently.
  if (/[^\d\s-]/.test(input.value)) return;
  const grouped = inGroups(input.value);
  if (grouped !== input.value) {
    input.value = grouped;
    let at = 0;
    for (let digits = 0; at < grouped.length && digits < before; at += 1) if (/\d/.test(grouped[at])) digits += 1;
    input.setSelectionRange(at, at);
  }
  document.getElementById('brand').textContent = brandOf(input.value.replace(/\D/g, ''))?.[0] ?? '';
}

function slash(event) {
  const input = event.target;
  if (event.inputType?.startsWith('delete')) return;
  if (/^[2-9]$/.test(input.value)) input.value = `0${input.value}`;
  if (/^\d\d$/.test(input.value)) input.value += '/';
  else if (/^\d{4}$/.test(input.value)) input.value = `${input.value.slice(0, 2)}/${input.value.slice(2)}`;
}

export function card(wording, done) {
  const send = (sent) => carry(() => change('AddCard', {
    number: sent.elements.number.value,
    ...expiryOf(sent.elements.expiry.value),
    consent: { agreed: sent.elements.agreed.checked, wordingVersion: wording.version, language: wording.language },
  }), done, sent);
  return form('card-form', send, h('section', null, h('h2', null, say('addCard')),
    field('number', say('cardNumber'), { inputmode: 'numeric', autocomplete: 'cc-number', hint: say('cardHint'), oninput: group, after: h('span', { id: 'brand', 'aria-live': 'polite' }) }),
    field('expiry', say('expiry'), { inputmode: 'numeric', autocomplete: 'cc-exp', placeholder: say('expiryForm'), maxlength: 9, 'data-also': 'expMonth expYear', oninput: slash }),
    tick('agreed', wording.text, { lang: wording.language, 'data-consent': '' }), h('div', { class: 'acts end' }, button(say('add')))));
}
