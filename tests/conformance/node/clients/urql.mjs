// urql: by POST, by GET, and a subscription over fetch.
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { told } from '../program.mjs';
import { items } from './items.mjs';

function client(options) {
  const fetchOptions = { headers: { ...told.headers } };
  return new Client({ url: told.url, fetchOptions, exchanges: [cacheExchange, fetchExchange], ...options });
}

async function ask(options) {
  const { data, error } = await client(options).query(told.query, {}).toPromise();
  if (error) throw error;
  return data;
}

export const checks = {
  'urql query': () => ask({ preferGetMethod: false }),

  'urql GET query': () => ask({ preferGetMethod: true }),

  'urql subscription (over fetch)': () =>
    items((sink) => {
      const over = client({ fetchSubscriptions: true, exchanges: [fetchExchange] });
      const subscription = over.subscription(told.subscription, {}).subscribe(({ data, error, hasNext }) => {
        if (error) sink.error(error);
        // The last result repeats the last item.
        else if (hasNext === false) sink.complete();
        else sink.next({ data });
      });
      return () => subscription.unsubscribe();
    }),
};
