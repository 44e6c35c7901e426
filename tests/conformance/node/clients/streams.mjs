// graphql-ws and graphql-sse: the protocols' own clients.
import * as sse from 'graphql-sse';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { insist, told } from '../program.mjs';
import { items } from './items.mjs';

// What identifies the caller goes with the upgrade and with the first message: a browser can send only the latter.
class Socket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { headers: told.headers });
  }
}

function socket() {
  const url = told.url.replace(/^http/, 'ws');
  return createClient({ url, webSocketImpl: Socket, connectionParams: told.headers, retryAttempts: 0 });
}

function stream(singleConnection) {
  // A copy: it writes its stream's token into the headers that it is given.
  const headers = { ...told.headers };
  return sse.createClient({ url: told.stream, headers, singleConnection, retryAttempts: 0 });
}

async function subscribed(client) {
  try {
    return await items((sink) => client.subscribe({ query: told.subscription }, sink));
  } finally {
    await client.dispose();
  }
}

export const checks = {
  'graphql-ws subscription': () => subscribed(socket()),

  'graphql-ws error of a query': async () => {
    const client = socket();
    try {
      await items((sink) => client.subscribe({ query: '{ nonsense }' }, sink));
    } catch (errors) {
      return insist(Array.isArray(errors) && errors[0].message, `the socket ended: ${errors?.reason ?? errors}`);
    } finally {
      client.dispose();
    }
    throw new Error('the error was not told');
  },

  'graphql-sse distinct connections': () => subscribed(stream(false)),

  'graphql-sse single connection': () => subscribed(stream(true)),
};
