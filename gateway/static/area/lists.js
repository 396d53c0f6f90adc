// A list that is read page by page: the first page at once, each further one by a button.

import { h } from '../dom.js';
import { say } from './words.js';

// `load` gets the cursor after which the page starts; `row` makes an element of a node; `none` is said of an empty list.
export async function paged(load, row, none, list = h('ul', { class: 'rows' })) {
  let after = null;
  const more = h('button', { type: 'button', class: 'plain', onclick: () => next() }, say('more'));
  async function next() {
    const { nodes, pageInfo } = await load(after);
    list.append(...await Promise.all(nodes.map(row)));
    after = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
  }
  await next();
  return list.children.length ? [list, more] : h('p', null, none);
}
