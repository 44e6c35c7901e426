// GraphQL Yoga on node's HTTP server, with DataLoader.
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { loaders, resolvers, typeDefs } from './loading.mjs';

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), context: loaders, logging: false });
createServer(yoga).listen(+process.argv[2], '127.0.0.1');
