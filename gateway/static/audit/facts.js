// What is drawn: the matrix as it was answered, and what the filters leave of it.

export const filters = { category: '', purpose: '', recipient: '', text: '' };

export function wanted(field) {
  const { category, purpose, recipient, text } = filters;
  const said = `${field.coordinate} ${field.category} ${field.description}`.toLowerCase();
  return (!category || field.category === category)
    && (!purpose || field.purposes.some((each) => each.name === purpose))
    && (!recipient || field.disclosedTo.includes(recipient))
    && (!text || said.includes(text.toLowerCase()));
}

export const shownPurposes = (audit) => audit.matrix.purposes
  .map((each) => each.name)
  .filter((name) => !filters.purpose || name === filters.purpose);

export const unique = (names) => [...new Set(names)];

// Who can read a field for a purpose: the ids of clients.
export function readers(audit, coordinate, purpose) {
  return audit.clients.clients.filter((client) => client.reach
    .some((each) => each.coordinate === coordinate && (!purpose || each.purpose === purpose)));
}
