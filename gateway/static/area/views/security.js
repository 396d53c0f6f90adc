// Sessions and sign-ins; passwords and second factors have pages of their own, which work without a script.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { sure } from '../dialogs.js';
import { announce, carry } from '../forms.js';
import { hour, say } from '../words.js';
import { apps } from './apps.js';

export async function security(again) {
  const { me, grant } = await ask('Security');
  const now = new Date().toISOString();
  const open = me.sessions.nodes.filter((each) => !each.endedAt && each.expiresAt > now);
  const done = async () => { announce(say('done')); await again(); };
  const others = async () => { if (await sure(say('endOthersSure'), say('endOthersWhy'), say('endOthers'))) await carry(() => change('EndOtherSessions'), async ({ ended }) => { announce(say('endedOthers', ended)); await again(); }); };
  const end = async (each) => { if (await sure(say('endSure', each.device ?? say(each.platform)), say('endWhy'), say('end'))) await carry(() => change('EndSession', { sessionId: each.id }), done); };
  return [
    h('section', null, h('h2', null, say('passwords')),
      h('ul', { class: 'rows' }, me.credentials.map((each) => h('li', null, h('span', null, say(each.platform), ' ', h('em', null, each.loginName)),
        h('span', null, each.secondFactors.map((one) => say(one.kind)).join(', ') || '—')))),
      h('p', null, h('a', { href: '/security', class: 'button' }, say('passwordsGo')))),
    h('section', null, h('h2', null, say('sessions')),
      h('ul', { class: 'rows' }, open.map((each) => h('li', null,
        h('span', null, each.device ?? say(each.platform), each.id === grant.sessionId && h('em', null, ` ${say('thisOne')}`),
          h('span', { class: 'quiet' }, [say(each.platform), each.country, each.ipAddress, hour(each.lastSeenAt)].filter(Boolean).join(' · '))),
        each.id !== grant.sessionId && h('button', { type: 'button', class: 'plain', onclick: () => end(each) },
          say('end'), h('span', { class: 'unseen' }, ` ${each.device ?? ''} ${hour(each.startedAt)}`))))),
      h('p', null, h('button', { type: 'button', id: 'end-others', onclick: others }, say('endOthers')))),
    ...await apps(done),
    h('section', null, h('h2', null, say('attempts')), h('ul', { class: 'rows' }, me.signIns.nodes.map((each) => h('li', null,
      h('span', null, say(each.platform), ' ', h('em', null, say(each.outcome)), each.unusual && h('strong', null, ` ${say('unusual')}`)),
      h('span', null, [each.country, each.device, hour(each.at)].filter(Boolean).join(' · ')))))),
  ];
}
