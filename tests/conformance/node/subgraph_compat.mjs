// Apollo's own assertions on a subgraph of its `products` schema. Their package starts everything in containers; here its
// two other subgraphs are processes, composed by @apollo/composition and routed by @apollo/gateway. Told: {url, headers}.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startStandaloneServer } from '@apollo/server/standalone';
import { compose, gateway, sdl } from './federation.mjs';
import { Report, ask, insist, told } from './program.mjs';

const here = import.meta.dirname;
const suite = join(here, 'node_modules/@apollo/federation-subgraph-compatibility-tests');

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return await ask(url, '{ __typename }');
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error(`nobody answers at ${url}`);
}

const children = [];
process.on('exit', () => children.forEach((child) => child.kill()));

async function subgraph(name, variable) {
  const port = await freePort();
  const folder = join(suite, 'dist/subgraphs', name);
  const env = { ...process.env, [variable]: String(port), NODE_OPTIONS: `--require ${join(here, 'loopback.cjs')}` };
  children.push(spawn(process.execPath, ['index.js'], { cwd: folder, env, stdio: 'ignore' }));
  const url = `http://127.0.0.1:${port}/`;
  await answers(url);
  return { name, url, sdl: readFileSync(join(folder, `${name}.graphql`), 'utf8') };
}

async function routed(subgraphs, headers) {
  const server = gateway(compose('apollo', subgraphs), headers);
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
  return url;
}

// The assertions know their router by one address and show no credential: a copy of them does.
function copied(folder, router, headers) {
  for (const part of ['dist', 'products.graphql', 'package.json']) {
    cpSync(join(suite, part), join(folder, part), { recursive: true, filter: (path) => !path.includes('subgraphs') });
  }
  symlinkSync(join(here, 'node_modules'), join(folder, 'node_modules'));
  const client = join(folder, 'dist/utils/client.js');
  const written = readFileSync(client, 'utf8');
  const told = written
    .replace("'http://localhost:4000/'", JSON.stringify(router))
    .replace('...(headers ?? {})', `...${JSON.stringify(headers)}, ...(headers ?? {})`);
  insist(told.includes(router), 'the suite no longer names its router as it did');
  writeFileSync(client, told);
}

async function verdicts(folder, products) {
  const jest = join(here, 'node_modules/jest/bin/jest.js');
  const config = { rootDir: folder, testMatch: ['**/dist/tests/*.test.js'], haste: { retainAllFiles: true } };
  const options = ['--ci', '--json', '--runInBand', '--config', JSON.stringify(config)];
  const env = { ...process.env, PRODUCTS_URL: products };
  const child = spawn(process.execPath, [jest, ...options], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const { testResults } = JSON.parse(await text(child.stdout));
  for (const { assertionResults, message } of testResults) insist(assertionResults.length, message);
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

const { url, headers = {} } = told;
const report = new Report('subgraph-compatibility');
const others = await Promise.all([subgraph('users', 'USERS_PORT'), subgraph('inventory', 'INVENTORY_PORT')]);
const subgraphs = [{ name: 'products', url, sdl: await sdl(url, headers) }, ...others];
compose('guild', subgraphs);
const folder = mkdtempSync(join(tmpdir(), 'compatibility-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
copied(folder, await routed(subgraphs, { [url]: headers }), headers);

// One column of Apollo's table holds one or several assertions.
const columns = new Map();
for (const verdict of await verdicts(folder, url)) {
  const column = verdict.ancestorTitles[0] ?? verdict.title;
  columns.set(column, [...(columns.get(column) ?? []), verdict]);
}
for (const [column, assertions] of [...columns].sort()) {
  const failed = assertions.filter(({ status }) => status !== 'passed');
  await report.check(column, () => {
    insist(failed.length === 0, failed.flatMap(({ failureMessages }) => failureMessages).join(' '));
  });
}
report.end();
