// Bundles GraphiQL, its editor and the editor's workers into colonnade/static/graphiql, under names that say their
// content, with the page that names them and the licences of what is inside.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as esbuild from 'esbuild';
import { licences } from './licences.mjs';
import { page } from './page.mjs';

const here = import.meta.dirname;
const output = join(here, '..', '..', 'colonnade', 'static', 'graphiql');
const shared = {
  absWorkingDir: here,
  alias: {
    // GraphiQL asks for the formatter's old names, CommonJS files whose parsers esbuild does not hand on by name:
    // https://github.com/graphql/graphiql/issues/4092
    'prettier/parser-babel': 'prettier/plugins/babel',
    'prettier/parser-graphql': 'prettier/plugins/graphql',
  },
  assetNames: '[name]-[hash]',
  bundle: true,
  chunkNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
  entryNames: '[name]-[hash]',
  format: 'esm',
  jsx: 'automatic',
  legalComments: 'none', // the licences are collected whole instead
  loader: { '.graphql': 'text', '.ttf': 'file' },
  logLevel: 'warning',
  metafile: true,
  minify: true,
  outdir: output,
  target: 'es2022',
  write: false,
};

// A worker is named by the label under which the editor asks for it.
const WORKERS = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
};

function bundleWorkers() {
  const entryPoints = Object.entries(WORKERS).map(([label, path]) => ({ in: path, out: `${label}.worker` }));
  return esbuild.build({ ...shared, entryPoints });
}

function bundleMain(workers) {
  const names = workers.outputFiles.map(({ path }) => basename(path));
  const named = Object.keys(WORKERS).map((label) => [label, names.find((name) => name.startsWith(`${label}.worker-`))]);
  const define = { ...shared.define, WORKERS: JSON.stringify(Object.fromEntries(named)) };
  // Split: the formatter is loaded when somebody formats.
  return esbuild.build({ ...shared, define, entryPoints: ['main.jsx'], splitting: true });
}

// The one stylesheet of the page holds what the chunks need; their own, which repeat it, are left out.
function entry({ outputs }) {
  const [script, { cssBundle }] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === 'main.jsx');
  return { script: basename(script), stylesheet: basename(cssBundle) };
}

const workers = await bundleWorkers();
const main = await bundleMain(workers);
const named = entry(main.metafile);
const files = [...workers.outputFiles, ...main.outputFiles].filter(
  ({ path }) => !path.endsWith('.css') || basename(path) === named.stylesheet,
);
await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
await writeFile(join(output, 'LICENCES.txt'), await licences(here, [workers.metafile, main.metafile]));
// Last, since make takes the page for the whole.
await writeFile(join(output, 'index.html'), page(named));
