// SPDX-License-Identifier: Apache-2.0
// Writes src/api/schema.ts from the API's description; with --check it only says whether that is so already.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../../src/api/openapi/', import.meta.url);
const target = new URL('../src/api/schema.ts', import.meta.url);

const schemas = {};
for (const file of readdirSync(source).filter((name) => name.endsWith('.json')).sort()) {
  const part = JSON.parse(readFileSync(new URL(file, source), 'utf8'));
  Object.assign(schemas, part.components?.schemas);
}

function quoted(name) {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function union(parts) {
  return [...new Set(parts)].join(' | ');
}

function typeOf(schema, indent) {
  if (schema === true) return 'unknown';
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return union(choices.map((choice) => typeOf(choice, indent)));
  if (schema.allOf) return schema.allOf.map((part) => typeOf(part, indent)).join(' & ');
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case 'string': return 'string';
    case 'integer':
    case 'number': return 'number';
    case 'boolean': return 'boolean';
    case 'null': return 'null';
    case 'array': {
      const item = typeOf(schema.items ?? true, indent);
      return /[ |{]/.test(item) ? `Array<${item}>` : `${item}[]`;
    }
    case 'object': return objectType(schema, indent);
    default: return 'unknown';
  }
}

function objectType(schema, indent) {
  if (!schema.properties) {
    const values = typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties, indent) : 'unknown';
    return `Record<string, ${values}>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, member]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    const comment = member.description ? `${inner}/** ${member.description} */\n` : '';
    return `${comment}${inner}${quoted(name)}${optional}: ${typeOf(member, inner)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

const declarations = Object.entries(schemas)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, schema]) => {
    const comment = schema.description ? `/** ${schema.description} */\n` : '';
    return `${comment}export type ${name} = ${typeOf(schema, '')};`;
  });
const text = `// SPDX-License-Identifier: Apache-2.0
// Made from src/api/openapi by \`npm run types\`; do not edit.

${declarations.join('\n\n')}
`;

if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(target, 'utf8');
  } catch {
    // said below
  }
  if (present !== text) {
    console.error('console/src/api/schema.ts is not what src/api/openapi says: run `npm run types` in console/');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
