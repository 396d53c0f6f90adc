// One place for signing in: what the privacy notice recommends and how it stands, passwords and second factors, sessions,
// apps, and recent sign-ins. Passwords and factors are changed on pages of their own, which work without a script.

import { h } from '../../dom.js';
import { at } from '../../root.js';
import { ask, change } from '../api.js';
import { sure } from '../dialogs.js';
import { announce, carry } from '../forms.js';
import { icon } from '../icons.js';
import { countryName, hour, listed, say, small } from '../words.js';
import { apps } from './apps.js';

// The platforms whose sign-in has a second step; webmail's programs cannot ask for one.
const TWO_STEPS = ['CLIENT_AREA', 'MANAGEMENT_INTERFACE'];

export async function security(again) {
  const { me, grant } = await ask('Security');
  const now = new Date().toISOString();
  const open = me.sessions.nodes.filter((each) => !each.endedAt && each.expiresAt > now);
  const done = async () => { announce(say('done')); await again(); };
  const end = async (each) => { if (await sure(say('endSure', each.device ?? say(each.platform)), say('endWhy'), say('end'))) await carry(() => change('EndSession', { sessionId: each.id }), done); };
  const others = async () => { if (await sure(say('endOthersSure'), say('endOthersWhy'), say('endOthers'))) await endOthers(again); };
  return [
    h('div', { class: 'beside' }, checklist(me.credentials, open), credentials(me.credentials), h('div', { class: 'beside' }, await apps(done))),
    h('div', { class: 'beside' },
      h('section', null, h('h2', null, say('sessions')),
        h('ul', { class: 'rows' }, open.map((each) => h('li', null,
          h('span', { class: 'grow' }, each.device ?? say(each.platform), each.id === grant.sessionId && [' ', h('span', { class: 'badge on' }, say('thisOne'))],
            h('span', { class: 'quiet' }, [say(each.platform), where(each), say('lastSeen', hour(each.lastSeenAt))].filter(Boolean).join(' · '))),
          each.id !== grant.sessionId && h('button', { type: 'button', class: 'plain', onclick: () => end(each) },
            say('end'), h('span', { class: 'unseen' }, ` ${each.device ?? ''} ${hour(each.startedAt)}`))))),
        open.length > 1 && h('p', { class: 'acts' }, h('button', { type: 'button', id: 'end-others', onclick: others }, say('endOthers')))),
      h('section', null, h('h2', null, say('attempts')), h('ul', { class: 'rows' }, me.signIns.nodes.map((each) => attempt(each, again))))),
  ];
}

const endOthers = (again) => carry(() => change('EndOtherSessions'), async ({ ended }) => { announce(say('endedOthers', ended)); await again(); });

const where = (each) => [countryName(each.country), each.ipAddress].filter(Boolean).join(', ');

// The five recommendations of the privacy notice, each with its state: what is so, and what is left to do (R37 to R41).
function checklist(credentials, open) {
  const lacking = credentials.filter((each) => TWO_STEPS.includes(each.platform) && !each.secondFactors.some((one) => one.kind !== 'RECOVERY_CODES'));
  const go = (to, label) => h('a', { class: 'button plain', href: to }, label);
  const item = (kind, title, told, act) => h('li', { class: kind }, icon(kind === 'done' ? 'yes' : 'no'), h('span', null, h('strong', null, say(title)), h('span', { class: 'quiet' }, told)), act);
  return h('section', { id: 'checklist' }, h('h2', null, say('advice')), h('ul', { class: 'checks' },
    item('done', 'adviceStrong', say('adviceStrongTold')),
    item('done', 'adviceDistinct', say('adviceDistinctTold')),
    item(lacking.length ? 'open' : 'done', 'adviceSteps', lacking.length ? say('adviceStepsLack', listed(lacking.map((each) => say(each.platform)))) : say('adviceStepsTold'), lacking.length > 0 && go('/security', say('turnOn'))),
    item('note', 'adviceVirus', say('adviceVirusTold')),
    item(open.length > 1 ? 'note' : 'done', 'adviceOut', say('adviceOutTold', open.length))));
}

const credentials = (found) => h('section', null, h('h2', null, say('passwords')),
  h('ul', { class: 'rows' }, found.map((each) => h('li', null, h('span', { class: 'grow' }, say(each.platform), h('span', { class: 'quiet' }, each.loginName)),
    h('span', { class: 'quiet' }, each.secondFactors.length ? listed(each.secondFactors.map((one) => [small(say(one.kind)), one.kind === 'PASSKEY' && one.label].filter(Boolean).join(' '))) : say(TWO_STEPS.includes(each.platform) ? 'noSteps' : 'passwordOnly'))))),
  h('p', { class: 'acts' }, h('a', { href: '/security', class: 'button' }, say('passwordsGo')), h('a', { href: '/password', class: 'button plain' }, say('passwordNew'))));

// A sign-in that is unlike the others can be owned or disowned at once.
function attempt(each, again) {
  const mine = (event) => { event.target.closest('.acts').replaceChildren(say('wasMeTold')); };
  const notMine = async () => {
    if (!(await sure(say('wasNotMe'), say('wasNotMeWhy'), say('endOthers')))) return;
    await endOthers(again);
    location.assign(at('/password'));
  };
  return h('li', null, h('span', { class: 'grow' }, say(each.platform), ' ', h('span', { class: `badge ${each.outcome === 'FAILED' ? 'warn' : ''}` }, say(each.outcome)), each.unusual && [' ', h('span', { class: 'badge warn' }, say('unusual'))],
    h('span', { class: 'quiet' }, [hour(each.at), each.device, countryName(each.country)].filter(Boolean).join(' · '))),
    each.unusual && h('span', { class: 'acts' }, h('button', { type: 'button', class: 'plain', onclick: mine }, say('wasMe')), h('button', { type: 'button', class: 'plain', onclick: notMine }, say('wasNotMe'))));
}
