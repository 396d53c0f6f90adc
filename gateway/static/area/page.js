// The client area: one page with a view for each part of what is held, an ordinary client of the public API.

import { byId, h } from '../dom.js';
import { Refused } from './api.js';
import { announce } from './forms.js';
import { arrive, forget, hasToken, remembered, signIn } from './oauth.js';
import { choices } from './views/choices.js';
import { mine } from './views/mine.js';
import { payments } from './views/payments.js';
import { profile } from './views/profile.js';
import { readers } from './views/readers.js';
import { security } from './views/security.js';
import { services } from './views/services.js';
import { current, offer, say, speak } from './words.js';

const VIEWS = { profile, payments, services, choices, security, readers, mine };
const view = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'profile');

function frame() {
  document.title = `${say('title')} · Customer data gateway`;
  byId('title').textContent = hasToken() ? say(view()) : say('title');
  offer(byId('language'), h, turn);
  byId('choices').textContent = say('edit');
  byId('choices').href = hasToken() ? '#choices' : `/cookies?lang=${current()}`;
  byId('developers').textContent = say('developers');
  byId('privacy').textContent = say('privacy');
  byId('privacy').href = `/privacy?lang=${current()}`;
  byId('parts').setAttribute('aria-label', say('title'));
  byId('parts').replaceChildren(...(hasToken() ? [
    ...Object.keys(VIEWS).map((key) => h('a', { href: `#${key}`, 'aria-current': key === view() && 'page' }, say(key))),
    h('a', { href: `/sign-out?lang=${current()}`, id: 'sign-out', onclick: forget }, say('signOut')),
  ] : []));
}

async function draw() {
  frame();
  if (!hasToken()) {
    byId('content').replaceChildren(h('p', { class: 'lead' }, say('welcome')), h('button', { type: 'button', id: 'sign-in', onclick: () => signIn() }, say('signIn')));
    return;
  }
  const name = view();
  byId('content').setAttribute('aria-busy', 'true');
  try {
    const parts = await VIEWS[name](draw);
    if (name === view()) byId('content').replaceChildren(...parts.filter(Boolean));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    announce(error.message, 'bad');
  } finally {
    byId('content').removeAttribute('aria-busy');
  }
}

// The language outlives the way to the sign-in pages and back, whose addresses do not name it.
async function speakAndKeep(language) {
  await speak(language);
  sessionStorage.setItem('language', current());
}

async function turn(language) {
  await speakAndKeep(language);
  frame();
  byId('language').querySelector('button')?.focus();
  await draw();
}

async function begin() {
  await speakAndKeep(new URLSearchParams(location.search).get('lang') ?? sessionStorage.getItem('language') ?? navigator.language);
  window.addEventListener('hashchange', () => {
    announce('');
    draw().then(() => byId('title').focus());
  });
  frame();
  byId('content').textContent = say('loading');
  if (!(await arrive()) && remembered().signedIn) {
    await signIn();
    return;
  }
  await draw();
  document.body.dataset.ready = 'yes';
}

begin();
