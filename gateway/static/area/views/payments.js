// How the customer pays. A card is kept only with the box ticked, which is not ticked by itself.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { announce, button, carry, field, form, restore, tick } from '../forms.js';
import { paged } from '../lists.js';
import { remembered } from '../oauth.js';
import { current, day, say } from '../words.js';

export async function payments(again) {
  const invoices = paged((after) => ask('Invoices', { after }).then((found) => found.me.invoices), invoice, say('none'));
  const [{ me }, { consentWording }, billed] = await Promise.all([ask('Payments'), ask('Wording', { kind: 'CARD_STORAGE', language: current() }), invoices]);
  const done = async () => { announce(say('saved')); await again(); };
  const kept = me.consents.nodes[0]?.state === 'GIVEN';
  return [
    h('section', null, h('h3', null, say('ways')),
      me.paymentMethods.length ? h('ul', { class: 'rows' }, me.paymentMethods.map((each) => method(each, done))) : h('p', null, say('noWays')),
      kept && h('p', null, h('button', { type: 'button', id: 'unkeep', class: 'plain', onclick: () => carry(() => change('WithdrawCardConsent'), done) }, say('unkeep')),
        ' ', h('span', { class: 'quiet' }, say('unkeepWhy')))),
    card(consentWording, done),
    small('paypal-form', say('addPayPal'), field('account', say('account'), { inputmode: 'email', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'email' }), (sent) => change('AddPayPal', { account: sent.elements.account.value.trim() }), done),
    small('bank-form', say('addBank'), field('bankName', say('bank')), (sent) => change('AddBankTransfer', { bankName: sent.elements.bankName.value.trim() }), done),
    h('section', null, h('h3', null, say('invoices')), billed),
  ];
}

const invoice = (each) => h('li', null, h('span', null, `${each.number} · ${day(each.issuedAt)}`),
  h('span', null, `${each.amount ? money(each.amount) : '–'} · ${each.paidAt ? say('paid') : say('open')}`));

// As many digits as the amount is written with: what is usual in a language (no cents of HUF) would round it. A text, since
// a number has no more than 15 digits.
const money = ({ amount, currency }) => {
  const digits = amount.split('.')[1]?.length ?? 0;
  return new Intl.NumberFormat(current(), { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);
};

function told(each) {
  if (each.kind === 'PAYPAL') return `PayPal · ${each.account}`;
  if (each.kind === 'BANK_TRANSFER') return each.bankName;
  const expiry = each.expMonth ? ` · ${say('expires', `${String(each.expMonth).padStart(2, '0')}/${each.expYear}`)}` : '';
  return `${each.brand} •••• ${each.last4}${expiry}`;
}

function method(each, done) {
  const act = (name, label) => h('button', { type: 'button', class: 'plain', onclick: () => carry(() => change(name, { paymentMethodId: each.id }), done) },
    label, h('span', { class: 'unseen' }, ` ${told(each)}`));
  return h('li', null, h('span', null, told(each), each.isDefault && h('em', null, ` ${say('default_')}`)),
    h('span', { class: 'acts' }, !each.isDefault && act('SetDefaultPaymentMethod', say('makeDefault')), act('RemovePaymentMethod', say('remove'))));
}

function card(wording, done) {
  const send = (sent) => carry(() => change('AddCard', {
    number: sent.elements.number.value,
    expMonth: Number.parseInt(sent.elements.expMonth.value, 10) || 0,
    expYear: Number.parseInt(sent.elements.expYear.value, 10) || 0,
    consent: { agreed: sent.elements.agreed.checked, wordingVersion: wording.version, language: wording.language },
  }), done, sent);
  const shown = form('card-form', send, h('fieldset', null, h('legend', null, say('addCard')),
    field('number', say('cardNumber'), { inputmode: 'numeric', autocomplete: 'cc-number', 'data-secret': '', hint: say('cardHint') }),
    field('expMonth', say('month'), { inputmode: 'numeric', autocomplete: 'cc-exp-month', maxlength: 2 }),
    field('expYear', say('year'), { inputmode: 'numeric', autocomplete: 'cc-exp-year', maxlength: 4 }),
    tick('agreed', wording.text, { lang: wording.language }), button(say('add'))));
  restore(shown, remembered().form);
  return shown;
}

function small(id, title, inside, work, done) {
  const shown = form(id, (sent) => carry(() => work(sent), done, sent), h('fieldset', null, h('legend', null, title), inside, button(say('add'))));
  restore(shown, remembered().form);
  return shown;
}
