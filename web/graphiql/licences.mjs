// Whose work is in the bundle, and under which licence: read from the packages whose files were bundled.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
const TEXT = /^(?:licen[cs]e|copying|notice|third-?party-?notices)/i;

function bundled(metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs).flatMap((out) => inside(out)));
  return [...new Set(inputs.map((path) => path.match(PACKAGE)?.[0]).filter(Boolean))].sort();
}

function inside(output) {
  return Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

async function terms(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => TEXT.test(file)).sort();
  if (!license) throw new Error(`${name} names no licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return `${name} ${version}\n${license}\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}

export async function licences(root, metafiles) {
  const all = await Promise.all(bundled(metafiles).map((path) => terms(join(root, path))));
  const rule = `\n${'-'.repeat(100)}\n\n`;
  return `The files of this folder are made of the packages below.\n${rule}${[...new Set(all)].join(rule)}`;
}
