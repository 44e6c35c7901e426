// GraphiQL 5 from our own files: no CDN, no inline script, nothing asked of any host but the one that served the page.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
// One stylesheet per package, not the collected `graphiql/style.css`: that carries 390 kB of fonts as data.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';
import query from './query.graphql';

// The build puts the workers' hashed names here.
const workers = WORKERS;
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(workers[label] ?? workers.editor, import.meta.url), { type: 'module', name: label }),
};

// Relative to the page, so that it works under whatever prefix a proxy serves it.
const url = new URL('graphql', document.baseURI).href;
const fetcher = createGraphiQLFetcher({ url, enableIncrementalDelivery: false });

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={query}>
    <GraphiQL.Logo>Colonnade</GraphiQL.Logo>
  </GraphiQL>,
);
