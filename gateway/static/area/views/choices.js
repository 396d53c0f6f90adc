// News and cookies, and the record of what was agreed to.

import { h } from '../../dom.js';
import { ask, change, save } from '../api.js';
import { announce, carry } from '../forms.js';
import { paged } from '../lists.js';
import { current, day, hour, say } from '../words.js';
import { rights } from './rights.js';

export async function choices(again) {
  const consents = paged((after) => ask('Consents', { after }).then((found) => found.me.consents), consent, say('noConsents'));
  const [{ me }, { consentWording }, given] = await Promise.all([ask('Choices'), ask('Wording', { kind: 'COOKIE_MEASUREMENT', language: current() }), consents]);
  const done = async () => { announce(say('saved')); await again(); };
  const news = (event) => carry(() => change('SetProductNews', { wanted: event.target.checked }), done);
  const choose = (measurement) => () => carry(() => change('ChooseCookies', {
    measurement, wordingVersion: consentWording.version, language: consentWording.language, globalPrivacyControl: navigator.globalPrivacyControl === true,
  }), done);
  const { cookieChoice } = me;
  const now = cookieChoice?.measurement ? say('cookiesOn', day(cookieChoice.chosenAt), day(cookieChoice.expiresAt)) : say('cookiesOff');
  return [
    h('section', null, h('h2', null, say('news')), h('div', { class: 'tick' },
      h('input', { id: 'news', type: 'checkbox', checked: me.productNews, onchange: news }), h('label', { for: 'news' }, say('newsWant')))),
    h('section', null, h('h2', null, say('cookies')), h('p', null, consentWording.text), h('p', { id: 'cookies-now' }, now),
      h('div', { class: 'acts' }, h('button', { type: 'button', id: 'refuse', onclick: choose(false) }, say('refuse')),
        h('button', { type: 'button', id: 'accept', onclick: choose(true) }, say('accept')))),
    h('section', null, h('h2', null, say('consents')), given),
    ...await rights(again),
  ];
}

const consent = (each) => h('li', null, h('span', null, say(each.kind), ' ', h('em', null, say(each.state))),
  h('span', { class: 'acts' }, hour(each.at), h('button', { type: 'button', class: 'plain', onclick: () => save(`/consents/${each.id}/receipt`, 'application/ld+json', 'consent-receipt.jsonld') },
    say('receiptFile'), h('span', { class: 'unseen' }, ` ${say(each.kind)} ${hour(each.at)}`))));
