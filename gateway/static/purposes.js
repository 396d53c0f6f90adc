// The panel beside the editor that says of every field what it may be read for, and which of it this token may.
'use strict';

window.purposesPanel = (state) => {
  const h = React.createElement;

  function Purpose({ purpose, held }) {
    const title = purpose.when ? `only where ${purpose.when}` : undefined;
    return h('span', { className: held ? 'purpose held' : 'purpose', title }, purpose.name + (purpose.when ? ' *' : ''));
  }

  function Field({ rule, held }) {
    const name = rule.coordinate.slice(rule.coordinate.indexOf('.') + 1);
    return h('li', null,
      h('span', { className: 'field' }, name),
      h('span', { className: 'category' }, rule.category),
      h('div', { className: 'why' },
        rule.purposes.map((purpose) => h(Purpose, { key: purpose.name, purpose, held: held.has(purpose.name) }))));
  }

  function Panel() {
    const { rules, held } = React.useSyncExternalStore(state.listen, state.get);
    const [filter, setFilter] = React.useState('');
    const wanted = filter.trim().toLowerCase();
    const may = new Set(held);
    // Types of which this token may read something stand first.
    const rank = (found) => (found.some((rule) => rule.purposes.some((purpose) => may.has(purpose.name))) ? 0 : 1);
    const types = new Map();
    for (const rule of rules) {
      const text = `${rule.coordinate} ${rule.category} ${rule.purposes.map((purpose) => purpose.name).join(' ')}`;
      if (!text.toLowerCase().includes(wanted)) continue;
      const type = rule.coordinate.split('.')[0];
      if (!types.has(type)) types.set(type, []);
      types.get(type).push(rule);
    }
    return h('div', { className: 'purposes' },
      h('div', { className: 'graphiql-doc-explorer-title' }, 'Purposes'),
      h('p', null, 'What each field may be read for. Marked: a purpose of the present token. An asterisk: conditions apply.'),
      h('input', {
        type: 'search', 'aria-label': 'Filter', placeholder: 'Field, category or purpose', value: filter,
        onChange: (event) => setFilter(event.target.value),
      }),
      [...types].sort(([, one], [, other]) => rank(one) - rank(other)).map(([type, found]) => h('section', { key: type },
        h('h3', null, type),
        h('ul', null, found.map((rule) => h(Field, { key: rule.coordinate, rule, held: may }))))));
  }

  const Icon = () => h('svg', { viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 },
    h('title', null, 'Purposes'),
    h('path', { d: 'M5 20V11a7 7 0 0 1 14 0v9', strokeLinecap: 'round' }),
    h('circle', { cx: 12, cy: 11, r: 2 }), h('path', { d: 'M12 13v4', strokeLinecap: 'round' }));

  return { title: 'Purposes', icon: Icon, content: Panel };
};
