// graphql-codegen: types of the schema and of an operation, from introspection.
import { generate } from '@graphql-codegen/cli';
import { insist, told } from '../program.mjs';

export const checks = {
  'graphql-codegen from introspection': async () => {
    const types = { 'types.ts': { plugins: ['typescript', 'typescript-operations'] } };
    const schema = [{ [told.url]: { headers: told.headers } }];
    const [{ content }] = await generate({ schema, documents: [`query Asked ${told.query}`], silent: true, generates: types }, false);
    insist(content.includes('AskedQuery'), 'no type of the operation');
  },
};
