// The live subgraph composes by both libraries with a second subgraph, which says a remark of every Engagement, and a
// gateway joins the two both ways. Told: {url, headers, second, engagements}; headers are what a router shows.
import { compose, gateway, sdl } from './federation.mjs';
import { Report, insist, told } from './program.mjs';

const LISTED = `query ($first: Int!) { engagements(first: $first) { edges { node { id name remark } } } }`;
const REMARKED = `query ($ids: [ID!]!) { remarked(ids: $ids) { remark name customer { displayName } } }`;

const { url, headers, second, engagements } = told;
const report = new Report('federation');
const subgraphs = [];
const supergraphs = {};
const sent = [];

async function routed(query, variables) {
  const server = gateway(supergraphs.apollo, { [url]: headers }, sent);
  await server.start();
  try {
    const { body } = await server.executeOperation({ query, variables });
    const { data, errors } = body.singleResult;
    insist(!errors, JSON.stringify(errors));
    return data;
  } finally {
    await server.stop();
  }
}

await report.check('_service.sdl answers a router', async () => {
  subgraphs.push({ name: 'graph', url, sdl: await sdl(url, headers) });
  subgraphs.push({ name: 'remarks', url: second, sdl: await sdl(second, {}) });
});
await report.check('the version is 2.9, no other', () => {
  const [, version] = subgraphs[0].sdl.match(/specs\.apollo\.dev\/federation\/v([\d.]+)/);
  insist(version === '2.9', version);
});
for (const library of ['apollo', 'guild']) {
  await report.check(`composes by ${library}`, () => {
    supergraphs[library] = compose(library, subgraphs);
  });
}
await report.check('a list of the graph, and what the second subgraph says of each', async () => {
  const { edges } = (await routed(LISTED, { first: engagements.length })).engagements;
  insist(edges.length === engagements.length, `${edges.length} edges`);
  for (const { node } of edges) insist(node.remark === `on ${node.id}` && node.name, JSON.stringify(node));
});
await report.check('what the second subgraph knows by id, and what the graph says of it, in one batch', async () => {
  sent.length = 0;
  const ids = engagements.map(({ id }) => id);
  const { remarked } = await routed(REMARKED, { ids });
  engagements.forEach(({ name, customer }, index) => {
    insist(remarked[index].name === name, JSON.stringify(remarked[index]));
    insist(remarked[index].customer.displayName === customer.displayName, JSON.stringify(remarked[index]));
  });
  const batches = sent.filter((request) => request.url === url).map(({ variables }) => variables.representations.length);
  insist(JSON.stringify(batches) === JSON.stringify([ids.length]), `asked for ${batches} at a time`);
});
report.end();
