// SPDX-License-Identifier: Apache-2.0
// Holds recordings of Drydock (drydock serve --record) against Microsoft's descriptions.
//   node validate.mjs DIRECTORY    each directory below it is the recording of one test
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDescriptions } from './descriptions.mjs';
import { differences, undescribedHosts, undescribedOperations, versionStandIns } from './exceptions.mjs';
import { LongOperations } from './long_operations.mjs';

const registryVersion = '2021-07-01'; // its data plane has one version, which most clients do not send

// Exchanges of all processes of one test, in the order of time.
function readRecording(directory) {
  const exchanges = [];
  for (const program of readdirSync(directory)) {
    if (!program.startsWith('drydock')) continue;
    for (const name of readdirSync(join(directory, program)).filter((file) => file.endsWith('.json'))) {
      const exchange = JSON.parse(readFileSync(join(directory, program, name), 'utf8'));
      exchanges.push({ ...exchange, file: join(program, name) });
    }
  }
  return exchanges.sort((a, b) => a.time.localeCompare(b.time) || a.order - b.order);
}

// As oav wants it: with the version under which the operation is described, and without the name of a
// provider where the description has a parameter, because oav would look among that provider's operations.
function described(exchange, url) {
  const copy = structuredClone(exchange);
  const path = url.pathname.toLowerCase();
  if (url.hostname.includes('.azurecr.')) url.searchParams.set('api-version', registryVersion);
  const standIn = versionStandIns.find(
    ({ path: pattern, from }) => pattern.test(path) && url.searchParams.get('api-version') === from);
  if (standIn) url.searchParams.set('api-version', standIn.to);
  url.pathname = url.pathname.replace(/^(\/subscriptions\/[^/]+\/providers)\/[^/]+(\/(un)?register)?$/i, '$1/Microsoft.Unknown$2');
  copy.liveRequest.url = url.href;
  return copy;
}

const isDifference = (operation, { code, pathsInPayload }) =>
  differences.some((known) => known.code === code && known.operation.test(operation) &&
    pathsInPayload.every((place) => known.at === undefined || known.at.test(place)));

class Validation {
  held = 0;
  skipped = new Map(); // by reason
  problems = new Map(); // text to the first file that has it
  operations = new Set();
  #longOperations = new LongOperations();

  constructor(validator) {
    this.validator = validator;
  }

  async check(exchange) {
    const { liveRequest, liveResponse } = exchange;
    const url = new URL(liveRequest.url);
    const path = decodeURIComponent(url.pathname);
    const operation = `${liveRequest.method} ${path}`;
    const say = (complaints) => {
      for (const text of complaints) {
        const line = `${operation}?${url.searchParams.get('api-version')} -> ${liveResponse.statusCode}: ${text}`;
        if (!this.problems.has(line)) this.problems.set(line, exchange.file);
      }
    };
    if (liveResponse.statusCode === '0') return this.#skip('cut off on purpose: drydock fault add reset');
    const otherService = undescribedHosts.find(({ host }) => host.test(url.hostname));
    if (otherService) return this.#skip(otherService.reason);
    const manager = url.hostname.startsWith('management.');
    const other = undescribedOperations.find(({ method, path: pattern }) =>
      (method === undefined || method === liveRequest.method) && pattern.test(url.pathname.toLowerCase()));
    if (other) {
      if (manager && other.poll) say(this.#longOperations.checkPoll(exchange));
      return this.#skip(other.reason);
    }
    this.held += 1;
    if (manager) say(this.#longOperations.check(exchange));
    say(await this.#compare(described(exchange, url), operation));
  }

  #skip(reason) {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  // A request that was refused may be wrong on purpose; an error has a shape of its own, checked elsewhere.
  async #compare(exchange, operation) {
    const refused = Number(exchange.liveResponse.statusCode) >= 400;
    const { requestValidationResult: request, responseValidationResult: response, runtimeException } =
      await this.validator.validateLiveRequestResponse(exchange);
    const broken = runtimeException ?? request.runtimeException ?? response.runtimeException;
    if (broken) return refused ? [] : [broken.message.split('\n')[0]];
    this.operations.add(`${request.operationInfo.apiVersion} ${request.operationInfo.operationId}`);
    if (refused) return [];
    const tell = (side) => (issue) =>
      `${side}: ${issue.code} ${issue.message} ${issue.pathsInPayload.join(', ')}`.replaceAll('\n', ' ');
    const wrong = (issues) => issues.filter((issue) => !isDifference(operation, issue));
    return [...wrong(request.errors).map(tell('request')), ...wrong(response.errors).map(tell('answer'))];
  }
}

const root = process.argv[2];
const { validator, close } = await loadDescriptions();
const operations = new Set();
let failed = 0;
let held = 0;
for (const name of readdirSync(root).sort()) {
  const validation = new Validation(validator);
  for (const exchange of readRecording(join(root, name))) await validation.check(exchange);
  held += validation.held;
  validation.operations.forEach((operation) => operations.add(operation));
  if (validation.held === 0) continue;
  const title = `traffic of ${name}: ${validation.held} exchanges are as Microsoft describes them`;
  if (validation.problems.size === 0) {
    console.log(`ok - ${title}`);
    continue;
  }
  failed += 1;
  console.log(`not ok - ${title}`);
  for (const [text, file] of validation.problems) console.log(`#   ${name}/${file}: ${text}`);
}
close();
console.log(`# ${held} exchanges, ${operations.size} operations`);
if (held === 0) console.log('not ok - there is traffic to validate');
process.exit(failed > 0 || held === 0 ? 1 : 0);
