// Apps that may act for the customer: what was allowed to them, and where they are signed in; each ends with one step.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { sure } from '../dialogs.js';
import { carry } from '../forms.js';
import { day, say } from '../words.js';

const PAGES = 20;
const AREA = 'client-area';

// Both lists as they stand now. The client area's own tokens end with its session, which is told elsewhere.
async function held() {
  const now = new Date().toISOString();
  const holding = [];
  let allowed = [];
  let after = null;
  for (let page = 0; page < PAGES; page += 1) {
    const { me } = await ask('Apps', { after });
    allowed = me.authorizedApps.filter((each) => !each.withdrawnAt);
    holding.push(...me.appSessions.nodes.filter((each) => !each.endedAt && each.expiresAt > now && each.client !== AREA));
    if (!me.appSessions.pageInfo.hasNextPage) break;
    after = me.appSessions.pageInfo.endCursor;
  }
  return { allowed, holding };
}

function line(app, since, word, act, done, ...more) {
  const name = app.name ?? app.client;
  return h('li', null,
    h('span', null, name, h('span', { class: 'quiet' }, say('appSince', day(since))), more),
    h('button', { type: 'button', class: 'plain', onclick: async () => { if (await sure(say(`${word}Sure`, name), say(`${word}Why`), say(word))) await carry(act, done); } },
      say(word), h('span', { class: 'unseen' }, ` ${name}`)));
}

export async function apps(done) {
  const { allowed, holding } = await held();
  return [
    h('section', { id: 'apps' }, h('h2', null, say('apps')), allowed.length === 0
      ? h('p', { class: 'empty' }, say('noApps'))
      : h('ul', { class: 'rows' }, allowed.map((each) => line(
        each, each.givenAt, 'takeBack', () => change('WithdrawAuthorizedApp', { authorizedAppId: each.id }), done,
        h('ul', { class: 'quiet' }, each.scopes.map((scope) => h('li', null, say(scope)))))))),
    holding.length > 0 && h('section', { id: 'app-sessions' }, h('h2', null, say('appSessions')),
      h('ul', { class: 'rows' }, holding.map((each) => line(
        each, each.startedAt, 'end', () => change('EndAppSession', { appSessionId: each.id }), done)))),
  ];
}
