// How the customer pays. A card is kept only with the box ticked, which is not ticked by itself.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { card } from '../card.js';
import { sure } from '../dialogs.js';
import { announce, button, carry, field, form } from '../forms.js';
import { icon } from '../icons.js';
import { paged } from '../lists.js';
import { current, say } from '../words.js';
import { invoice } from './invoice.js';

export async function payments(again) {
  const invoices = paged((after) => ask('Invoices', { after }).then((found) => found.me.invoices), invoice, say('noInvoices'));
  const [{ me }, { consentWording }, billed] = await Promise.all([ask('Payments'), ask('Wording', { kind: 'CARD_STORAGE', language: current() }), invoices]);
  const done = async () => { announce(say('saved')); await again(); };
  const kept = me.consents.nodes[0]?.state === 'GIVEN';
  const unkeep = async () => { if (await sure(say('unkeep'), say('unkeepWhy'), say('unkeepYes'))) await carry(() => change('WithdrawCardConsent'), done); };
  return [
    h('div', { class: 'beside' },
      h('section', null, h('h2', null, say('ways')),
        me.paymentMethods.length ? h('ul', { class: 'rows' }, me.paymentMethods.map((each) => method(each, done))) : h('p', { class: 'empty' }, say('noWays')),
        kept && h('p', { class: 'acts' }, h('button', { type: 'button', id: 'unkeep', class: 'plain', onclick: unkeep }, say('unkeep')),
          h('span', { class: 'quiet' }, say('unkeepWhy')))),
      h('section', { id: 'invoices' }, h('h2', null, say('invoices')), billed)),
    h('div', { class: 'beside' },
      card(consentWording, done),
      small('paypal-form', say('addPayPal'), field('account', say('account'), { inputmode: 'email', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'email' }), (sent) => change('AddPayPal', { account: sent.elements.account.value.trim() }), done),
      small('bank-form', say('addBank'), field('bankName', say('bank')), (sent) => change('AddBankTransfer', { bankName: sent.elements.bankName.value.trim() }), done)),
  ];
}

function told(each) {
  if (each.kind === 'PAYPAL') return `PayPal · ${each.account}`;
  if (each.kind === 'BANK_TRANSFER') return each.bankName;
  return `${each.brand} •••• ${each.last4}`;
}

const expiry = (each) => each.expMonth && say('expires', `${String(each.expMonth).padStart(2, '0')}/${String(each.expYear).slice(-2)}`);

function method(each, done) {
  const act = (id, label, onclick) => h('button', { type: 'button', class: 'plain', 'data-act': id, onclick }, label, h('span', { class: 'unseen' }, ` ${told(each)}`));
  const prefer = () => carry(() => change('SetDefaultPaymentMethod', { paymentMethodId: each.id }), done);
  const remove = async () => { if (await sure(say('removeSure', told(each)), say('removeWhy'), say('remove'))) await carry(() => change('RemovePaymentMethod', { paymentMethodId: each.id }), done); };
  return h('li', null, icon('card'), h('span', { class: 'grow' }, told(each), each.isDefault && [' ', h('span', { class: 'badge on' }, say('default_'))], expiry(each) && h('span', { class: 'quiet' }, expiry(each))),
    h('span', { class: 'acts' }, !each.isDefault && act('prefer', say('makeDefault'), prefer), act('remove', say('remove'), remove)));
}

function small(id, title, inside, work, done) {
  return form(id, (sent) => carry(() => work(sent), done, sent), h('section', null, h('h2', null, title), inside, h('div', { class: 'acts end' }, button(say('add'), { class: 'plain' }))));
}
