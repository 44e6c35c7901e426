// For servers without loaders of their own: a DataLoader a batch and request, and the resolvers that ask it.
import DataLoader from 'dataloader';
import { batches, fields, links, named, roots, typeDefs } from './common.mjs';

export const loaders = () => {
  const made = {};
  for (const [name, batch] of Object.entries(batches)) made[name] = new DataLoader(batch);
  return made;
};

const linked = (type) =>
  Object.fromEntries(
    Object.entries(links[type]).map(([field, [batch, key]]) => [field, (row, _, made) => made[batch].load(row[key])]),
  );

const node = (_, { id }, made) => {
  const [batch, own] = named(id);
  return made[batch].load(own);
};

const { Node, ...types } = fields;

export { typeDefs };
export const resolvers = {
  ...types,
  Query: { ...roots, node },
  Node: { __resolveType: Node.__resolveType },
  Engagement: { ...types.Engagement, ...linked('Engagement') },
  Customer: { ...types.Customer, ...linked('Customer') },
};
