// GraphiQL 5 from our own files: no CDN, no inline script, nothing asked of any host but the one that served the page
// and the identity provider that people sign in at.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
// One stylesheet per package, not the collected `graphiql/style.css`: that carries 390 kB of fonts as data.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';
import query from './query.graphql';
import { comeBack, signIn, signOut, token } from './signin.js';

// The build puts the workers' hashed names here.
const workers = WORKERS;
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(workers[label] ?? workers.editor, import.meta.url), { type: 'module', name: label }),
};

// Relative to the page, so that it works under whatever prefix a proxy serves it.
const url = new URL('graphql', document.baseURI).href;
const credentials = () => ({ Authorization: `Bearer ${token()}` });

function fetcher() {
  return createGraphiQLFetcher({
    url,
    enableIncrementalDelivery: false,
    // Asked for anew each time: a token that ran out is not sent.
    fetch: (address, request) => fetch(address, { ...request, headers: { ...request.headers, ...credentials() } }),
    wsClient: createClient({ url: url.replace(/^http/, 'ws'), connectionParams: credentials }),
  });
}

function Editor() {
  return (
    <GraphiQL fetcher={fetcher()} defaultQuery={query}>
      <GraphiQL.Logo>
        Colonnade
        <button type="button" className="leave" onClick={signOut}>
          Sign out
        </button>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

function Door({ failure }) {
  return (
    <main className="door">
      <h1>Colonnade</h1>
      <p>Sign in to ask the graph.</p>
      {failure && <p role="alert">{failure}</p>}
      <button type="button" onClick={() => signIn().catch(refused)}>
        Sign in
      </button>
    </main>
  );
}

const root = createRoot(document.getElementById('graphiql'));
const refused = (error) => root.render(<Door failure={`Signing in failed: ${error.message}`} />);

try {
  await comeBack();
  root.render(token() === null ? <Door /> : <Editor />);
} catch (error) {
  refused(error);
}
