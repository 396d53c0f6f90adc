// The questions that an auditor comes with, each with its answer and the way to the evidence, before anything else.

import { h } from '../dom.js';
import { day, time } from './lists.js';
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
    ['heldQuestion', say('heldAnswer', personal.length, categories), '#matrix', ''],
    ['forQuestion', say('forAnswer', matrix.purposes.length, declared), '#matrix', ''],
    ['reachQuestion', say('reachAnswer', reaching, clients.clients.length), '#clients', ''],
    ['leftQuestion', say('leftAnswer', notice.sharing.length), '#flow', ''],
    ['dueQuestion', erasures.overdue ? say('overdueAnswer', erasures.overdue) : [say('dueAnswer', erasures.dueWithinAWeek), next ? ` ${say('nextAnswer', day(next.day).textContent)}` : ''], '#promises', erasures.overdue ? 'bad' : 'good'],
    ['refusedQuestion', say('refusedAnswer', refused), '#refusals', ''],
    ['wholeQuestion', newest ? say('wholeAnswer', newest.size, time(newest.signedAt).textContent) : say('noCheckpoint'), '#promises', newest ? 'good' : 'care'],
  ].map(([question, answer, evidence, tone]) => h('div', { class: tone }, h('dt', null, say(question)), h('dd', null, answer, ' ', h('a', { href: evidence, 'aria-label': `${say('evidence')}: ${say(question)}` }, say('evidence'))))));
}
