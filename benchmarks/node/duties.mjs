// A GraphQL server of Node.js (mercurius, compiled by its JIT) with the gateway's duties, as one writes them by hand: a
// token, a purpose for each field, values sealed under the key of each customer, and a durable audit row with the
// pseudonyms before the answer. It has no index of subjects, no tree and no limits, and its update keeps no history.
// Environment: PORT, DATA_URL, KEYS_URL, ROOT_KEY, SECRET.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { createVerifier } from 'fast-jwt'
import mercurius from 'mercurius'
import mercuriusAuth from 'mercurius-auth'
import pg from 'pg'

const { PORT, DATA_URL, KEYS_URL, ROOT_KEY, SECRET } = process.env
const data = new pg.Pool({ connectionString: DATA_URL, max: 10 })
const keyStore = new pg.Pool({ connectionString: KEYS_URL, max: 4 })
const rootKey = Buffer.from(/^key: (.*)$/m.exec(readFileSync(ROOT_KEY, 'ascii'))[1], 'base64url')
const KEPT = 100_000
const MILLISECONDS = 60_000

const rowsOf = async (pool, name, text, values) => (await pool.query({ name, text, values })).rows

// A sealed value is a version, a nonce of twelve bytes, then ciphertext and tag.
function unsealed (key, sealed, place) {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13)).setAAD(Buffer.from(place))
  cipher.setAuthTag(sealed.subarray(-16))
  const plain = cipher.update(sealed.subarray(13, -16))
  cipher.final()
  return plain
}

function sealedValue (key, text, place) {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
  return Buffer.concat([Buffer.of(1), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

const kept = new Map()
const KEYS = 'SELECT customer_id, wrapped FROM subject_keys WHERE customer_id = ANY($1) AND wrapped IS NOT NULL'

async function keysFor (ids) {
  const now = performance.now()
  const missing = ids.filter((id) => !(kept.get(id)?.until > now))
  if (missing.length) {
    for (const { customer_id: id, wrapped } of await rowsOf(keyStore, 'keys', KEYS, [missing])) {
      const raw = unsealed(rootKey, wrapped, `subject:${id}`)
      const digest = createHmac('sha256', raw).update('ledger').digest()
      const pseudonym = digest.subarray(0, 16).toString('base64url')
      kept.set(id, { secret: createSecretKey(raw), pseudonym, until: now + MILLISECONDS })
    }
    for (const id of kept.keys()) {
      if (kept.size <= KEPT) break
      kept.delete(id)
    }
  }
  return kept
}

// Rows of customers with their keys; whoever has none is erased. All that are shown stand in the audit row.
async function admitted (rows, context) {
  const keys = await keysFor(rows.map((row) => row.id))
  const found = rows.filter((row) => keys.has(row.id))
  for (const row of found) {
    row.key = keys.get(row.id)
    context.subjects.add(row.key.pseudonym)
  }
  return found
}

const own = (row, column) => row[column] && unsealed(row.key.secret, row[column], `customers.${column}:${row.id}:${row.id}`)
const text = (row, column) => own(row, column)?.toString() ?? null
const below = (owner, table, row, column) =>
  row[column] && unsealed(owner.key.secret, row[column], `${table}.${column}:${owner.id}:${row.id}`).toString()
const moment = (value) => value.toISOString().replace('.000Z', 'Z')

const ALL = '@purposes(of: ["SELF_SERVICE", "INVOICING"])'
const SELF = '@purposes(of: ["SELF_SERVICE"])'
const schema = `
  directive @purposes(of: [String!]!) on FIELD_DEFINITION
  scalar PhoneNumber
  type PostalAddress { street: String ${ALL} city: String ${ALL} postalCode: String ${ALL} country: String ${ALL} }
  type Service { id: ID! kind: String ${ALL} name: String ${ALL} state: String ${ALL} startedAt: String ${ALL} }
  type Services { nodes: [Service!]! }
  interface PaymentMethod { id: ID! kind: String }
  type Card implements PaymentMethod {
    id: ID! kind: String brand: String ${SELF} last4: String ${SELF} expMonth: Int ${SELF} expYear: Int ${SELF}
  }
  type BankTransfer implements PaymentMethod { id: ID! kind: String bankName: String ${SELF} }
  type Customer {
    id: ID! ${ALL} customerNumber: String ${ALL} fullName: String ${ALL} email: String ${ALL} phone: String ${SELF}
    locale: String ${ALL} productNews: Boolean ${SELF} createdAt: String ${ALL} postalAddress: PostalAddress ${ALL}
    services: Services ${ALL} paymentMethods: [PaymentMethod!] ${SELF}
  }
  type Edge { node: Customer! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Customers { edges: [Edge!]! pageInfo: PageInfo! }
  input CustomerBy { id: ID }
  input UpdateProfileInput { phone: PhoneNumber }
  type UpdateProfilePayload { customer: Customer }
  type Query { customer(by: CustomerBy!): Customer customers(first: Int!, after: String): Customers! }
  type Mutation { updateProfile(input: UpdateProfileInput!): UpdateProfilePayload ${SELF} }
`
const COLUMNS = 'id, customer_number, name, email, phone, locale, product_news, created_at, postal_address'
const UPDATE = `UPDATE customers SET phone = $2, version = version + 1 WHERE id = $1 RETURNING ${COLUMNS}`

const resolvers = {
  Query: {
    customer: async (_, { by }, context) => {
      const rows = await rowsOf(data, 'one', `SELECT ${COLUMNS} FROM customers WHERE id = $1`, [by.id])
      return (await admitted(rows, context))[0] ?? null
    },
    customers: async (_, { first, after }, context) => {
      const begin = after ? Buffer.from(after, 'base64').toString() : '0'
      const page = `SELECT ${COLUMNS} FROM customers WHERE id > $1 ORDER BY id LIMIT $2`
      const rows = await rowsOf(data, 'page', page, [begin, first + 1])
      const shown = await admitted(rows.slice(0, first), context)
      const endCursor = shown.length ? Buffer.from(shown.at(-1).id).toString('base64') : null
      return { edges: shown.map((node) => ({ node })), pageInfo: { hasNextPage: rows.length > first, endCursor } }
    }
  },
  Mutation: {
    updateProfile: async (_, { input }, context) => {
      const id = context.claims.sub
      const key = (await keysFor([id])).get(id)
      const sealed = sealedValue(key.secret, input.phone, `customers.phone:${id}:${id}`)
      return { customer: (await admitted(await rowsOf(data, 'update', UPDATE, [id, sealed]), context))[0] }
    }
  },
  Customer: {
    customerNumber: (row) => text(row, 'customer_number'),
    fullName: (row) => JSON.parse(own(row, 'name')).join(' '),
    email: (row) => text(row, 'email'),
    phone: (row) => text(row, 'phone'),
    productNews: (row) => row.product_news,
    createdAt: (row) => moment(row.created_at),
    postalAddress: (row) => {
      const [street, , postalCode, city, , country] = JSON.parse(own(row, 'postal_address'))
      return { street, city, postalCode, country }
    }
  },
  PaymentMethod: { resolveType: (row) => (row.kind === 'BANK_TRANSFER' ? 'BankTransfer' : 'Card') }
}

const grouped = (rows, queries, shown) => {
  const of = new Map(queries.map(({ obj }) => [obj.id, []]))
  const owners = new Map(queries.map(({ obj }) => [obj.id, obj]))
  for (const row of rows) of.get(row.customer_id).push(shown(owners.get(row.customer_id), row))
  return queries.map(({ obj }) => of.get(obj.id))
}
const SERVICES = `SELECT customer_id, id, kind, name, status, started_at FROM services WHERE customer_id = ANY($1)
  ORDER BY customer_id, id`
const PAYMENTS = `SELECT customer_id, id, kind, card_brand, card_last4, card_expiry, bank_name FROM payment_methods
  WHERE customer_id = ANY($1) ORDER BY customer_id, id`
const loaders = {
  Customer: {
    services: async (queries) => {
      const rows = await rowsOf(data, 'services', SERVICES, [queries.map(({ obj }) => obj.id)])
      const one = (owner, { id, kind, status, started_at: at, ...row }) =>
        ({ id, kind, name: below(owner, 'services', { id, ...row }, 'name'), state: status, startedAt: moment(at) })
      return grouped(rows, queries, one).map((nodes) => ({ nodes }))
    },
    paymentMethods: async (queries) => {
      const rows = await rowsOf(data, 'payments', PAYMENTS, [queries.map(({ obj }) => obj.id)])
      return grouped(rows, queries, (owner, row) => {
        const { id, kind } = row
        if (kind === 'BANK_TRANSFER') return { id, kind, bankName: below(owner, 'payment_methods', row, 'bank_name') }
        const [month, year] = JSON.parse(below(owner, 'payment_methods', row, 'card_expiry'))
        const [brand, last4] = ['card_brand', 'card_last4'].map((each) => below(owner, 'payment_methods', row, each))
        return { id, kind, brand, last4, expMonth: Number(month), expYear: Number(year) }
      })
    }
  }
}

const verified = createVerifier({ key: SECRET, algorithms: ['HS256'], cache: true })
const app = Fastify()
await data.query(`CREATE TABLE IF NOT EXISTS endpoint_audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint,
  client text, purpose text, operation text, fields text, subjects text[])`)
await app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  context: (request) => ({ claims: verified(request.headers.authorization.slice(7)), subjects: new Set() })
})
await app.register(mercuriusAuth, {
  authDirective: 'purposes',
  applyPolicy: (directive, _parent, _args, context) => {
    const allowed = directive.arguments[0].value.values.map((each) => each.value)
    return allowed.includes(context.claims.purposes[0])
  }
})
const INSERT = `INSERT INTO endpoint_audit (at, client, purpose, operation, fields, subjects)
  VALUES ($1, $2, $3, $4, $5, $6)`
app.graphql.addHook('onResolution', async (_execution, context) => {
  if (!context.subjects.size) return
  const { client, purposes } = context.claims
  const at = Math.floor(Date.now() / 1000)
  const query = context.reply.request.body.query
  await rowsOf(data, 'audit', INSERT, [at, client, purposes[0], query.slice(0, 10), query, [...context.subjects]])
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
