// Restricting what is done with one's data, and objecting to a purpose (GDPR Art. 18, 21).

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { announce, button, carry, form, select } from '../forms.js';
import { current, day, say, why } from '../words.js';

const GROUNDS = ['ACCURACY_CONTESTED', 'UNLAWFUL', 'LEGAL_CLAIMS', 'OBJECTION_PENDING'];

export async function rights(again) {
  const { me, purposes } = await ask('Rights', { language: current() });
  const done = async () => { announce(say('done')); await again(); };
  return [restricting(me, done), objecting(me, purposes.filter((each) => each.objectable), done)];
}

function restricting(me, done) {
  const standing = me.restriction;
  const lift = () => carry(() => change('LiftRestriction'), done);
  const send = (sent) => carry(() => change('RequestRestriction', { ground: sent.elements.ground.value }), done, sent);
  const told = me.notices.nodes;
  return h('section', null, h('h2', null, say('restrictTitle')), h('p', null, say('restrictWhy')),
    h('p', { id: 'restricted' }, standing ? say('restrictedSince', day(standing.since)) : say('notRestricted')),
    standing?.liftAnnouncedAt && h('p', null, say('liftAnnounced', day(standing.liftAnnouncedAt)), ' ', standing.because),
    standing && h('button', { type: 'button', id: 'lift', onclick: lift }, say('restrictEnd')),
    !standing && form('restrict-form', send, select('ground', say('restrictGround'), GROUNDS.map((each) => [each, say(each)])), button(say('restrictAsk'))),
    told.length > 0 && [h('h3', null, say('toldTitle')), h('ul', { class: 'rows', id: 'told' }, told.map((each) => h('li', null, h('span', null, each.name), h('span', null, `${say(each.about)} · ${say(`told${each.state}`)}`))))]);
}

function objecting(me, purposes, done) {
  const of = Object.fromEntries(me.objections.map((each) => [each.purpose, each]));
  const act = (name, purpose) => () => carry(() => change(name, { purpose }), done);
  const row = ({ name: purpose, text: plain }) => {
    const text = why(purpose, plain);
    const made = of[purpose];
    const label = h('span', { class: 'unseen' }, ` ${text}`);
    return h('li', null, h('span', null, text, made && [' ', h('em', null, made.state === 'PENDING' ? say('PENDING', day(made.answerBy)) : say(made.state)), made.because && ` ${made.because}`]),
      h('span', { class: 'acts' }, made && made.state !== 'OVERRIDDEN'
        ? h('button', { type: 'button', class: 'plain', 'data-withdraw': purpose, onclick: act('WithdrawObjection', purpose) }, say('objectBack'), label)
        : h('button', { type: 'button', class: 'plain', 'data-object': purpose, onclick: act('ObjectTo', purpose) }, say('objectAsk'), label)));
  };
  return h('section', null, h('h2', null, say('objectTitle')), h('p', null, say('objectWhy')),
    h('ul', { class: 'rows', id: 'objections' }, purposes.map(row)));
}
