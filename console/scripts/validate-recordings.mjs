// SPDX-License-Identifier: Apache-2.0
// Holds what ferryd was asked and answered in tests against its own description (src/api/openapi).
//   node scripts/validate-recordings.mjs DIRECTORY    with the files of FERRY_RECORD below directories ferryd-PID
// Every answer must be one that the description knows, of the shape that it says; so must be what was accepted.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { check, failures } from '../e2e/tap.mjs';

const source = new URL('../../src/api/openapi/', import.meta.url);
const description = { paths: {}, components: {} };
for (const file of readdirSync(source)) {
  const part = JSON.parse(readFileSync(new URL(file, source), 'utf8'));
  Object.assign(description.paths, part.paths);
  for (const [kind, members] of Object.entries(part.components ?? {})) {
    description.components[kind] = { ...description.components[kind], ...members };
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
ajv.addSchema({ $id: 'ferry', ...description });
const compiled = new Map();
// By place in the description, so that references in it lead on.
function validator(pointer) {
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `ferry#${pointer}` }));
  return compiled.get(pointer);
}
const step = (name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`;

const templates = Object.keys(description.paths).map((path) => ({
  path,
  fixed: path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{')).length,
  // A path of a file may hold slashes.
  pattern: new RegExp(`^${path.split('/').map((segment) => (segment === '{path}' ? '.+' : segment.startsWith('{') ? '[^/]+' : segment.replaceAll('.', '\\.'))).join('/')}/?$`),
})).sort((a, b) => b.fixed - a.fixed);

function recordings(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((path) => /(^|\/)ferryd-[^/]*\/[^/]*\.json$/.test(path))
    .sort()
    .map((path) => ({ path, ...JSON.parse(readFileSync(join(directory, path), 'utf8')) }));
}

function contentPointer(pointer, content, type) {
  const wanted = type.split(';')[0].trim().toLowerCase();
  if (!content) return { problem: `an answer with the type ${wanted} where none is described` };
  if (!(wanted in content)) return { problem: `the type ${wanted} is not described` };
  return content[wanted].schema ? { pointer: `${pointer}/content${step(wanted)}/schema` } : {};
}

function problemsOf({ liveRequest, liveResponse }, path, method) {
  const operation = description.paths[path][method];
  const base = `/paths${step(path)}${step(method)}`;
  const status = String(liveResponse.statusCode);
  const header = (message, name) => Object.entries(message.headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
  const key = status in operation.responses ? status : Number(status) >= 400 && 'default' in operation.responses ? 'default' : null;
  if (key === null) return [`the status ${status} is not described`];
  let pointer = `${base}/responses${step(key)}`;
  let response = operation.responses[key];
  if (response.$ref) {
    pointer = response.$ref.slice(1);
    response = pointer.split('/').slice(1).reduce((value, name) => value[name], description);
  }
  const problems = [];
  const hold = (what, where, body) => {
    const validate = validator(where);
    if (!validate(body)) problems.push(...validate.errors.slice(0, 4).map((error) => `${what}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`));
  };
  const type = header(liveResponse, 'content-type');
  const isFile = path === '/' || path.startsWith('/console');
  if (type !== '' && !isFile) {
    const content = contentPointer(pointer, response.content, type);
    if (content.problem) problems.push(content.problem);
    else if (content.pointer && liveResponse.body !== undefined && type.includes('json')) hold('answer', content.pointer, liveResponse.body);
  }
  const accepted = Number(status) < 300 && operation.requestBody?.content?.['application/json'];
  if (accepted && typeof liveRequest.body === 'object') hold('request', `${base}/requestBody/content${step('application/json')}/schema`, liveRequest.body);
  return problems;
}

const seen = new Map();
const strangers = [];
for (const exchange of recordings(process.argv[2])) {
  const { pathname } = new URL(exchange.liveRequest.url);
  const verb = exchange.liveRequest.method.toLowerCase();
  const method = verb === 'head' ? 'get' : verb;
  const template = templates.find(({ path, pattern }) => pattern.test(pathname) && description.paths[path][method]);
  if (!template) {
    // What is not there, or not possible, must say so. Without a token it says no more than that.
    if (!['401', '404', '405'].includes(String(exchange.liveResponse.statusCode))) strangers.push(`${exchange.path}: ${verb} ${pathname} ${exchange.liveResponse.statusCode}`);
    continue;
  }
  const name = `${method.toUpperCase()} ${template.path}`;
  const entry = seen.get(name) ?? { count: 0, problems: [] };
  entry.count += 1;
  entry.problems.push(...problemsOf(exchange, template.path, method).map((problem) => `${exchange.path}: ${problem}`));
  seen.set(name, entry);
}

await check('what ferryd answered is in its description', () => {
  if (seen.size === 0) throw new Error(`no exchange of ferryd is recorded below ${process.argv[2]}`);
  if (strangers.length > 0) throw new Error(strangers.slice(0, 10).join('\n'));
});
for (const [name, { count, problems }] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
  await check(`${name} is as described, ${count} times`, () => {
    if (problems.length > 0) throw new Error([...new Set(problems)].slice(0, 10).join('\n'));
  });
}
const all = Object.entries(description.paths).flatMap(([path, item]) => Object.keys(item).filter((method) => method !== 'parameters').map((method) => `${method.toUpperCase()} ${path}`));
const silent = all.filter((name) => !seen.has(name));
console.log(`# ${all.length - silent.length} of ${all.length} operations were seen${silent.length > 0 ? `; not: ${silent.join(', ')}` : ''}`);
process.exit(failures() > 0 ? 1 : 0);
