// Everyday clients on the live graph. Told: {url, stream, headers, query, subscription, mutation}; `query` is anonymous.
import { Report } from './program.mjs';
import { checks as apollo } from './clients/apollo.mjs';
import { checks as codegen } from './clients/codegen.mjs';
import { checks as streams } from './clients/streams.mjs';
import { checks as urql } from './clients/urql.mjs';

// Clients reject promises of their own when a connection is refused; the check has told it by then.
process.on('unhandledRejection', () => {});
const report = new Report('clients');
for (const [name, attempt] of Object.entries({ ...apollo, ...urql, ...streams, ...codegen })) {
  await report.check(name, attempt);
}
report.end();
