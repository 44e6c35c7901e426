// GraphQL over HTTP: the audits of the specification's reference server. Told: {url, headers}.
import { serverAudits } from 'graphql-http';
import { Report, insist, told } from './program.mjs';

function fetchFn(url, request = {}) {
  const headers = { ...request.headers, ...told.headers };
  return fetch(url, { ...request, headers, signal: AbortSignal.timeout(20_000) });
}

const report = new Report('graphql-over-http');
for (const audit of serverAudits({ url: told.url, fetchFn })) {
  await report.check(`${audit.id} ${audit.name}`, async () => {
    const { status, reason } = await audit.fn();
    insist(status === 'ok', `${status}: ${reason}`);
  });
}
report.end();
