// What the page says, in English and French. Sentences about the policy come from the gateway itself.

const WORDS = {
  title: ['Data map', 'Carte des données'],
  lead: [
    'Which personal data may be read, by whom, for what, and how long it is kept. Drawn from the schema that enforces it: a pair that is not marked is refused, for everybody.',
    'Quelles données personnelles peuvent être lues, par qui, dans quel but, et combien de temps elles sont gardées. Tracée d’après le schéma qui l’impose : une paire non marquée est refusée à tous.',
  ],
  other: ['Français', 'English'],
  token: ['Access token with the scope audit:read', 'Jeton d’accès avec la portée audit:read'],
  tokenHint: ['It stays in this tab, and is gone when the tab is closed.', 'Il reste dans cet onglet et disparaît avec lui.'],
  show: ['Show the map', 'Afficher la carte'],
  loading: ['The map is being drawn …', 'La carte se dessine …'],
  refused: ['The gateway refused: {0}', 'La passerelle a refusé : {0}'],
  matrix: ['Fields and purposes', 'Champs et finalités'],
  flow: ['Where the data flows', 'Où vont les données'],
  clients: ['Clients and their reach', 'Clients et leur portée'],
  promises: ['Promises kept', 'Promesses tenues'],
  category: ['Category', 'Catégorie'],
  purpose: ['Purpose', 'Finalité'],
  recipient: ['Recipient', 'Destinataire'],
  search: ['Field or word', 'Champ ou mot'],
  any: ['any', 'toutes'],
  reset: ['Show everything', 'Tout afficher'],
  shown: ['{0} of {1} fields, {2} allowed pairs', '{0} champs sur {1}, {2} paires permises'],
  field: ['Field', 'Champ'],
  always: ['readable', 'lisible'],
  condition: ['readable under a condition', 'lisible sous condition'],
  never: ['refused', 'refusé'],
  hint: [
    'Point at a cell, or walk with the arrow keys: each explains itself here.',
    'Pointez une case, ou parcourez-les avec les flèches : chacune s’explique ici.',
  ],
  may: ['{0} may be read for {1}.', '{0} peut être lu pour {1}.'],
  mayNot: ['{0} may not be read for {1}, by anybody.', '{0} ne peut être lu pour {1}, par personne.'],
  only: ['Only where: {0}', 'Seulement si : {0}'],
  kept: ['Kept', 'Conservation'],
  rests: ['Rests in', 'Repose dans'],
  disclosed: ['May go to', 'Peut aller à'],
  nobody: ['nobody else', 'personne d’autre'],
  readBy: ['Within reach of', 'À la portée de'],
  noClient: ['no registered client', 'aucun client enregistré'],
  own: ['own data only', 'ses propres données seulement'],
  adHoc: ['any document', 'tout document'],
  documents: ['{0} registered documents', '{0} documents enregistrés'],
  document: ['1 registered document', '1 document enregistré'],
  onlyThese: ['no others', 'aucun autre'],
  fields: ['{0} fields', '{0} champs'],
  oneField: ['1 field', '1 champ'],
  noCustomer: ['Reads no customer.', 'Ne lit aucun client.'],
  disabled: ['switched off', 'désactivé'],
  flowHint: [
    'From a category of data through a purpose to who else may receive it; the width counts fields. Choose a box to follow it.',
    'D’une catégorie de données, par une finalité, vers qui d’autre peut les recevoir ; la largeur compte les champs. Choisissez une case pour la suivre.',
  ],
  flowTable: ['The picture as a table', 'Le dessin en tableau'],
  none: ['None.', 'Aucun.'],
  checkpoints: ['Recent ledger checkpoints', 'Derniers points de contrôle du registre'],
  signed: ['Signed', 'Signé'],
  entries: ['Entries', 'Entrées'],
  root: ['Root of the tree', 'Racine de l’arbre'],
  noCheckpoint: ['Nothing was signed yet.', 'Rien n’a encore été signé.'],
  refusals: ['Refused in the last 30 days', 'Refusé ces 30 derniers jours'],
  noRefusal: ['Nothing was refused.', 'Rien n’a été refusé.'],
  client: ['Client', 'Client'],
  reason: ['Reason', 'Motif'],
  times: ['Times', 'Fois'],
  last: ['Last', 'Dernière fois'],
  whole: ['the operation', 'l’opération'],
  acts: ['What operators did', 'Actes des exploitants'],
  noAct: ['Nothing was done.', 'Rien n’a été fait.'],
  when: ['When', 'Quand'],
  act: ['Act', 'Acte'],
  state: ['State', 'État'],
  target: ['To what', 'Sur quoi'],
  who: ['Who', 'Qui'],
  erasures: ['Erasures', 'Effacements'],
  overdue: ['Overdue', 'En retard'],
  week: ['Due within a week', 'À faire sous une semaine'],
  late: ['Done late', 'Faits en retard'],
  done: ['Done', 'Faits'],
  due: ['Due on', 'À faire le'],
  cases: ['Cases', 'Cas'],
  noneDue: ['No erasure is due.', 'Aucun effacement n’est à faire.'],
  consents: ['Consents that stand', 'Consentements en vigueur'],
  kind: ['Kind', 'Genre'],
  given: ['Given', 'Donnés'],
  withdrawn: ['Withdrawn', 'Retirés'],
  lintClean: ['The schema has no open question.', 'Le schéma ne laisse aucune question ouverte.'],
  lintErrors: ['The schema has {0} errors.', 'Le schéma a {0} erreurs.'],
  source: ['Schema {0}, SHA-256 {1}', 'Schéma {0}, SHA-256 {1}'],
  findings: ['Registrations that do not fit', 'Enregistrements qui ne conviennent pas'],
};

let language = 'en';

export const current = () => language;

export function speak(wanted) {
  language = wanted === 'fr' ? 'fr' : 'en';
  document.documentElement.lang = language;
}

export function say(key, ...facts) {
  const text = WORDS[key][language === 'fr' ? 1 : 0];
  return facts.reduce((found, fact, place) => found.replace(`{${place}}`, fact), text);
}

export const count = (number) => (number === 1 ? say('oneField') : say('fields', number));

// The sentence of a name of the policy, as the gateway has it in this language.
let sentences = new Map();

export function learn(words) {
  sentences = new Map(words.map((each) => [`${each.enum} ${each.name}`, each.text]));
}

export const sentence = (kind, name) => sentences.get(`${kind} ${name}`) ?? name;
