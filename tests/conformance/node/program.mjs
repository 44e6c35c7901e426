// What all programs here share. Each reads what it is told as JSON from its standard input (tokens stay out of the list
// of processes), prints a line a check, and last its figure.
import { readFileSync } from 'node:fs';

export const told = JSON.parse(readFileSync(0, 'utf8'));

export function insist(value, complaint) {
  if (!value) throw new Error(complaint);
  return value;
}

// Clients fail with errors, lists of them, and events of a socket.
function reason(error) {
  const one = Array.isArray(error) ? error[0] : error;
  return one?.reason || one?.message || one?.type || JSON.stringify(one);
}

export class Report {
  #name;
  #met = 0;
  #checks = 0;

  constructor(name) {
    this.#name = name;
  }

  async check(name, attempt, limit = 20_000) {
    this.#checks += 1;
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing in ${limit} ms`)), limit);
    });
    try {
      const note = await Promise.race([attempt(), late]);
      this.#met += 1;
      console.log('pass', name, note === undefined ? '' : (JSON.stringify(note) ?? '').slice(0, 100));
    } catch (error) {
      console.log('FAIL', name, '::', String(reason(error)).slice(0, 400));
    } finally {
      clearTimeout(timer);
    }
  }

  // Some clients keep timers and sockets: the program ends when its figure is told.
  end() {
    console.log(`FIGURE ${this.#name} ${this.#met}/${this.#checks}`);
    process.exit(0);
  }
}

export async function ask(url, query, { headers = {}, variables } = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(10_000),
  });
  return response.json();
}
