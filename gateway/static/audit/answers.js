// The questions that an auditor comes with, each with its answer, the way to the evidence, and the evidence as a file.

import { h } from '../dom.js';
import { exported } from './csv.js';
import { day, time } from './dates.js';
import { say } from './words.js';

export function answers(audit) {
  const { matrix, clients, notice, erasures, refusals, checkpoints } = audit;
  const personal = matrix.fields.filter((each) => each.category);
  const categories = new Set(personal.map((each) => each.category)).size;
  const declared = matrix.purposes.length + matrix.unusedPurposes.length;
  const reaching = clients.clients.filter((each) => !each.disabled && each.reach.length > 0).length;
  const refused = refusals.reduce((all, each) => all + Number(each.operations), 0);
  const [newest] = checkpoints;
  const next = erasures.due[0];
  return h('dl', { id: 'answers' }, [
    ['heldQuestion', say('heldAnswer', personal.length, categories), '#matrix', '', 'held'],
    ['forQuestion', say('forAnswer', matrix.purposes.length, declared), '#matrix', '', 'purposes'],
    ['reachQuestion', say('reachAnswer', reaching, clients.clients.length), '#clients', '', 'reach'],
    ['leftQuestion', say('leftAnswer', notice.sharing.length), '#flow', '', 'recipients'],
    ['dueQuestion', erasures.overdue ? say('overdueAnswer', erasures.overdue) : [say('dueAnswer', erasures.dueWithinAWeek), next ? ` ${say('nextAnswer', day(next.day).textContent)}` : ''], '#promises', erasures.overdue ? 'bad' : 'good', 'erasures'],
    ['refusedQuestion', say('refusedAnswer', refused), '#refusals', '', 'refusals'],
    ['wholeQuestion', newest ? say('wholeAnswer', newest.size, time(newest.signedAt).textContent) : say('noCheckpoint'), '#promises', newest ? 'good' : 'care', 'checkpoints'],
  ].map(([question, answer, evidence, tone, table]) => h('div', { class: tone }, h('dt', null, say(question)),
    h('dd', null, answer),
    h('dd', { class: 'ways' }, h('a', { href: evidence, 'aria-label': `${say('evidence')}: ${say(question)}` }, say('evidence')), exported(audit, table, say(question))))));
}
