// The client area: one page with a view for each part of what is held, an ordinary client of the public API.

import { byId, h } from '../dom.js';
import { at } from '../root.js';
import { Refused, ask } from './api.js';
import { Cancelled } from './dialogs.js';
import { announce, keepDrafts, restoreDrafts, unreachable } from './forms.js';
import { icon } from './icons.js';
import { UnreachableError, arrive, forget, hasToken, remembered, signIn } from './oauth.js';
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
const site = document.body.dataset.site;

let person = null;

function frame() {
  const name = hasToken() ? say(view()) : say('title');
  document.title = `${name} · ${site}`;
  byId('title').textContent = name;
  offer(byId('language'), h, turn);
  byId('choices').textContent = say('edit');
  byId('choices').href = hasToken() ? '#choices' : at(`/cookies?lang=${current()}`);
  byId('privacy').textContent = say('privacy');
  byId('privacy').href = at(`/privacy?lang=${current()}`);
  byId('parts').setAttribute('aria-label', say('title'));
  byId('menu').hidden = !hasToken();
  byId('menu').replaceChildren(icon(view()), name, icon('more'));
  byId('parts').replaceChildren(...(hasToken() ? Object.keys(VIEWS).map((key) => h('a', { href: `#${key}`, 'aria-current': key === view() && 'page' }, icon(key), say(key))) : []));
  byId('person').replaceChildren(...(hasToken() ? [
    person && h('span', { class: 'name' }, icon('person'), person.fullName ?? person.email),
    h('a', { href: `/sign-out?lang=${current()}`, id: 'sign-out', onclick: forget }, say('signOut')),
  ].filter(Boolean) : []));
  menu(false);
}

function menu(open) {
  byId('menu').setAttribute('aria-expanded', String(open));
  byId('parts').classList.toggle('open', open);
}

async function draw() {
  keepDrafts(byId('content'));
  frame();
  if (!hasToken()) {
    byId('content').replaceChildren(h('section', { class: 'welcome' }, h('p', { class: 'lead' }, say('welcome')), h('button', { type: 'button', id: 'sign-in', onclick: () => signIn() }, say('signIn'))));
    return;
  }
  const name = view();
  const active = document.activeElement?.id;
  byId('content').setAttribute('aria-busy', 'true');
  try {
    const parts = await VIEWS[name](draw);
    if (name !== view()) return;
    byId('content').className = `view ${name}`;
    byId('content').replaceChildren(...parts.filter(Boolean));
    restoreDrafts(byId('content'));
    if (active && document.activeElement === document.body) (byId(active) ?? byId('title')).focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  } finally {
    byId('content').removeAttribute('aria-busy');
  }
}

// What could not be shown, and the way to try again; what is there already stays.
function failed(error) {
  if (error instanceof UnreachableError) {
    const empty = byId('content').children.length === 0;
    if (empty) byId('content').replaceChildren(h('section', { class: 'welcome' }, h('p', null, say('nothingThere'))));
    unreachable(error.message, () => { announce(''); draw(); });
  } else if (error instanceof Refused) announce(error.message, 'bad');
  else if (!(error instanceof Cancelled)) throw error;
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

async function greet() {
  try {
    person = (await ask('Person')).me;
  } catch (error) {
    if (!(error instanceof UnreachableError) && !(error instanceof Refused)) throw error;
  }
}

async function begin() {
  try {
    await speakAndKeep(new URLSearchParams(location.search).get('lang') ?? sessionStorage.getItem('language') ?? navigator.language);
  } catch {
    // Without words there is nothing to say it with but what the page came with.
    byId('unreachable').hidden = false;
    byId('reload').addEventListener('click', () => location.reload());
    return;
  }
  window.addEventListener('hashchange', () => {
    announce('');
    draw().then(() => { byId('title').focus({ preventScroll: true }); scrollTo(0, 0); });
  });
  byId('menu').addEventListener('click', () => menu(byId('menu').getAttribute('aria-expanded') !== 'true'));
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') menu(false); });
  byId('parts').addEventListener('click', () => menu(false));
  frame();
  try {
    if (!(await arrive()) && remembered().signedIn) {
      await signIn();
      return;
    }
    if (hasToken()) await greet();
  } catch (error) {
    failed(error);
  }
  await draw();
  document.body.dataset.ready = 'yes';
}

begin();
