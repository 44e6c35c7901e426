// Apollo Client: queries, commands, errors, subscriptions as multipart answers, batches, persisted queries.
import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { insist, told } from '../program.mjs';
import { items } from './items.mjs';

const http = { uri: told.url, headers: told.headers };
const query = gql(told.query);
const client = (link = new HttpLink(http)) => new ApolloClient({ link, cache: new InMemoryCache() });
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export const checks = {
  'apollo-client query': async () => (await client().query({ query })).data,

  'apollo-client mutation': async () => {
    insist(told.mutation, 'the graph has no command yet');
    return (await client().mutate({ mutation: gql(told.mutation) })).data;
  },

  'apollo-client error surface': async () => {
    const { error } = await client().query({ query: gql('{ nonsense }'), errorPolicy: 'all' });
    return insist(error, 'the error was not told').message;
  },

  'apollo-client subscription (multipart)': () =>
    items((sink) => {
      const next = ({ data, error }) => (error ? sink.error(error) : sink.next({ data }));
      const subscription = client()
        .subscribe({ query: gql(told.subscription) })
        .subscribe({ ...sink, next });
      return () => subscription.unsubscribe();
    }),

  'apollo-client BatchHttpLink': async () => {
    const batching = client(new BatchHttpLink({ ...http, batchInterval: 5 }));
    const asked = [batching.query({ query }), batching.query({ query: gql('{ __typename }') })];
    return (await Promise.all(asked)).map(({ data }) => data);
  },

  'apollo-client automatic persisted queries': async () => {
    const link = new PersistedQueryLink({ sha256 }).concat(new HttpLink(http));
    return (await client(link).query({ query })).data;
  },
};
