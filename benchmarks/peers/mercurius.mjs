// mercurius on Fastify, with its own loaders; JIT=1 compiles queries by graphql-jit from their second time on.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { batches, fields, links, named, roots, typeDefs } from './common.mjs';

// mercurius gives a loader every parent, so that keys are made unique here.
const loader = ([batch, key]) => async (asked) => {
  const ids = [...new Set(asked.map(({ obj }) => obj[key]))];
  const found = await batches[batch](ids);
  const places = new Map(ids.map((id, place) => [id, found[place]]));
  return asked.map(({ obj }) => places.get(obj[key]));
};

const node = async (_, { id }) => {
  const [batch, own] = named(id);
  return (await batches[batch]([own]))[0];
};

const { Node, ...types } = fields;

const app = Fastify();
app.register(mercurius, {
  schema: typeDefs,
  jit: process.env.JIT ? 1 : 0,
  resolvers: { ...types, Node: { resolveType: Node.resolveType }, Query: { ...roots, node } },
  loaders: Object.fromEntries(
    Object.entries(links).map(([type, own]) => [
      type,
      Object.fromEntries(Object.entries(own).map(([field, link]) => [field, loader(link)])),
    ]),
  ),
});
await app.listen({ host: '127.0.0.1', port: +process.argv[2] });
