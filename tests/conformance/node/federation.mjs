// Composition by both libraries, and a gateway over what they composed.
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import * as apollo from '@apollo/composition';
import * as guild from '@theguild/federation-composition';
import { parse } from 'graphql';
import { ask, insist } from './program.mjs';

export async function sdl(url, headers) {
  const { data, errors } = await ask(url, '{ _service { sdl } }', { headers });
  return insist(data?._service?.sdl, JSON.stringify(errors));
}

export function compose(library, subgraphs) {
  const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const { errors, supergraphSdl } = { apollo, guild }[library].composeServices(services);
  insist(!errors?.length, errors?.map(({ message }) => message).join('; '));
  return supergraphSdl;
}

// A subgraph may want to be shown something: headers = {address: {name: value}}. What is sent is kept in `sent`.
class Subgraph extends RemoteGraphQLDataSource {
  constructor(url, headers, sent) {
    super({ url });
    Object.assign(this, { shown: headers[url] ?? {}, sent });
  }

  willSendRequest({ request }) {
    for (const [name, value] of Object.entries(this.shown)) request.http.headers.set(name, value);
    this.sent.push({ url: this.url, query: request.query, variables: request.variables });
  }
}

const silent = { debug() {}, info() {}, warn() {}, error: console.error };

export function gateway(supergraphSdl, headers = {}, sent = []) {
  const buildService = ({ url }) => new Subgraph(url, headers, sent);
  return new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl, buildService, logger: silent }) });
}
