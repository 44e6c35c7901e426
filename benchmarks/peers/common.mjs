// The same types, calls and batches for every peer: the upstream's rows go out as they came, under the schema's names.
import { Pool } from 'undici';

const LIMIT = 1000; // of ids in one request, as in the sources of the product
const pool = new Pool(process.env.UPSTREAM, { connections: 64 });

const rows = async (path, query) => {
  const { body } = await pool.request({ path: `${path}?${query}&$count=true`, method: 'GET' });
  return (await body.json()).value;
};

const by = async (path, column, ids) => {
  const parts = [];
  for (let at = 0; at < ids.length; at += LIMIT) parts.push(ids.slice(at, at + LIMIT));
  const answers = await Promise.all(
    parts.map((part) => rows(path, `$filter=${column}+in+(${part.map((id) => `'${id}'`).join(',')})`)),
  );
  return answers.flat();
};

const single = async (type, path, ids) => {
  const found = new Map((await by(path, 'id', ids)).map((row) => [row.id, { __typename: type, ...row }]));
  return ids.map((id) => found.get(id) ?? null);
};

const many = async (path, column, ids) => {
  const found = new Map(ids.map((id) => [id, []]));
  for (const row of await by(path, column, ids)) found.get(row[column]).push(row);
  return [...found.values()];
};

// Each takes unique ids, and answers in their order.
export const batches = {
  engagements: (ids) => single('Engagement', '/psa/engagements', ids),
  customers: (ids) => single('Customer', '/crm/customers', ids),
  people: (ids) => single('Resource', '/hr/people', ids),
  engagementsOf: (ids) => many('/psa/engagements', 'customer', ids),
  invoicesOf: (ids) => many('/erp/invoices', 'engagement', ids),
  demandsOf: (ids) => many('/forecast/demands', 'engagement', ids),
};

const first = async (path, count) => {
  const found = await rows(path, `$orderby=id&$top=${count}`);
  return { edges: found.map((node) => ({ node })) };
};

const id = (type, system) => (row) => Buffer.from(`${type}|${system}|${row.id}`).toString('base64url');

// A record by its global id, from one of the batches.
export const named = (globalId) => {
  const [type, , own] = Buffer.from(globalId, 'base64url').toString().split('|');
  return [{ Engagement: 'engagements', Resource: 'people' }[type], own];
};

export const roots = {
  engagements: (_, { first: count }) => first('/psa/engagements', count),
  customers: (_, { first: count }) => first('/crm/customers', count),
};

// What is resolved from the row alone.
export const fields = {
  Node: { resolveType: (row) => row.__typename, __resolveType: (row) => row.__typename },
  Engagement: {
    id: id('Engagement', 'psa'),
    deliveryStatus: (row) => row.status,
    plannedStart: (row) => row.start,
    plannedHours: (row) => row.hours,
  },
  Customer: { id: id('Customer', 'crm'), displayName: (row) => row.name },
  Resource: { id: id('Resource', 'hr'), displayName: (row) => row.name, workEmail: (row) => row.email },
  Invoice: {
    total: (row) => ({ amount: row.total, currency: row.currency }),
    paymentStatus: (row) => row.payment,
  },
  RoleDemand: { hoursPerWeek: (row) => row.hours },
};

// By which batch a link is read, and which of the row's values is its key.
export const links = {
  Engagement: {
    customer: ['customers', 'customer'],
    manager: ['people', 'manager'],
    invoices: ['invoicesOf', 'id'],
    demands: ['demandsOf', 'id'],
  },
  Customer: { engagements: ['engagementsOf', 'id'] },
};

export const typeDefs = `
scalar Date
scalar Decimal
scalar Hours
scalar CurrencyCode
enum EngagementStatus { PROPOSED PLANNED ACTIVE ON_HOLD COMPLETED CLOSED CANCELLED }
enum PaymentStatus { UNPAID PARTIAL PAID REVERSED }
interface Node { id: ID! }
type Money { amount: Decimal! currency: CurrencyCode! }
type Invoice { number: String total: Money paymentStatus: PaymentStatus }
type RoleDemand { hoursPerWeek: Hours }
type Resource implements Node { id: ID! displayName: String! workEmail: String }
type Customer implements Node { id: ID! displayName: String! engagements: [Engagement] }
type Engagement implements Node {
  id: ID! name: String! deliveryStatus: EngagementStatus plannedStart: Date plannedHours: Hours
  customer: Customer manager: Resource invoices: [Invoice] demands: [RoleDemand]
}
type EngagementEdge { node: Engagement }
type EngagementConnection { edges: [EngagementEdge!]! }
type CustomerEdge { node: Customer }
type CustomerConnection { edges: [CustomerEdge!]! }
type Query {
  node(id: ID!): Node
  engagements(first: Int! = 20): EngagementConnection
  customers(first: Int! = 20): CustomerConnection
}`;
