// Apollo Server with its own HTTP server, and DataLoader.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { loaders, resolvers, typeDefs } from './loading.mjs';

const server = new ApolloServer({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: +process.argv[2] },
  context: async () => loaders(),
});
